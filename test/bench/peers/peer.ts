/** A way to PostgreSQL that is compared with the others: what a client needs to take it, and whose CPU it costs. */

import type { LibpqEnvironment } from '../../support/psql.ts';

export const peerIds = [
  'direct',
  'pgbouncer',
  'pgbouncer-secret',
  'stunnel',
  'postern',
  'postern-2-workers',
] as const;

export type PeerId = (typeof peerIds)[number];

export interface Peer {
  readonly id: PeerId;
  /** For tables. */
  readonly name: string;
  /** For psql and pgbench: always TLS, `verify-full`, with the same client certificate. */
  readonly environment: LibpqEnvironment;
  /** The process whose CPU counts, with its descendants. null: there is none in between. */
  readonly pid: number | null;
}
