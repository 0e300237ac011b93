/**
 * The versions of PostgreSQL that the suite runs on: the embedded one, and Debian's 15, from before memberships had
 * options of their own. Where one is missing its tests are skipped, and say so.
 */

import { debianBinaries } from '../support/debian-binaries.ts';
import { type OwnServerOptions, ownServersMissing } from '../support/postgres-server.ts';

export interface Version {
  readonly name: string;
  readonly missing: boolean;
  readonly server: Pick<OwnServerOptions, 'binaries'>;
}

const debian = debianBinaries(15);
if (!debian)
  process.stderr.write('PostgreSQL 15 of Debian is missing: the isolation tests on it are SKIPPED.\n');

export const versions: readonly Version[] = [
  { name: 'the embedded PostgreSQL', missing: ownServersMissing, server: {} },
  { name: 'PostgreSQL 15', missing: !debian, server: debian ? { binaries: debian } : {} },
];
