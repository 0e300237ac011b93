/**
 * What each stage leaves behind for the next: `Admitted → Secured → Hello → Identity → BackendSession → Ending`.
 * Readonly and ever richer, so that the types make a wrong order impossible.
 */

import type { Refusal } from '../errors.ts';
import type { AccountPolicy, ApiKey } from '../policy/account.ts';
import type { CertificateOwner } from '../policy/book.ts';
import type { Address } from '../policy/cidr.ts';
import type { StartupParameter } from '../wire/startup.ts';
import type { ClientLine } from './client-line.ts';
import type { CancelOutcome } from './instance.ts';
import type { Intake } from './intake.ts';
import type { Login } from './login.ts';
import type { Session } from './session.ts';

/** accept: a peer whose address is known and that may try to log in. */
export interface Admitted {
  readonly line: ClientLine;
  readonly login: Login;
  /** undefined: the load balancer named none that Postern understands. */
  readonly address: Address | undefined;
  readonly shownAddress: string;
}

/** A CancelRequest, in plaintext or inside TLS. */
export interface CancelOrder {
  readonly kind: 'cancel';
  readonly processId: number;
  readonly secret: Buffer;
}

/** encrypt: TLS stands. The verdict is told only after the startup packet was read, when clients listen. */
export interface Secured extends Admitted {
  readonly kind: 'secured';
  /** null: no certificate was sent, which some accounts allow. */
  readonly verdict: CertificateOwner | Refusal | null;
  /** Binding data of `tls-server-end-point` for our certificate (RFC 5929 §4); null: it has none. */
  readonly serverEndPoint: Buffer | null;
}

/** greet: who wants to reach which database. */
export interface Hello {
  readonly kind: 'hello';
  readonly account: AccountPolicy;
  readonly certificateId: string | null;
  readonly address: Address;
  readonly user: string;
  /** The backend's own name of the database. */
  readonly database: string;
  /** Protocol 3.x as agreed: 0 to 2. */
  readonly minorVersion: number;
  /** What goes on to the backend byte for byte: without user, database and protocol options. */
  readonly parameters: readonly StartupParameter[];
}

/** identify: the API key is proved, the session is on the register and can be ended from there. */
export interface Identity {
  readonly account: AccountPolicy;
  readonly key: ApiKey;
  readonly session: Session;
}

/** open: logged in to the backend as the scoped role, up to and including ReadyForQuery. */
export interface BackendSession {
  readonly intake: Intake;
}

/** Who ended a connection. */
export type EndingSide = 'client' | 'backend' | 'postern';

/** relay and every refusal: why the connection ends, and whether the client has still to be told. */
export type Ending =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'cancel'; readonly outcome: CancelOutcome }
  | { readonly kind: 'closed'; readonly side: EndingSide }
  | { readonly kind: 'ended'; readonly refusal: Refusal; readonly canTell: boolean };
