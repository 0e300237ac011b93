/**
 * What the use cases are given: the store, the way to the backends, the authority, the clock and who is asking.
 * Types only; the composition root fills them. Each use case names the smallest one that it can work with.
 */

import type { Authority } from '../authority/sign.ts';
import type { Database } from '../postgres/database.ts';
import type { Sealer } from './seal.ts';

export interface StoreContext {
  /** The store with the rights of the role `postern_console`. */
  readonly store: Database;
  /** Who is asking, for the audit: a person at the command line, an account's owner, `reconcile`. */
  readonly actor: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface BackendContext extends StoreContext {
  /**
   * An admin connection to a database of a backend; it stays the giver's to close. Rejects with a RequestError for a
   * backend that is not configured or has no admin login.
   */
  readonly backendAdmin: (backend: string, database: string) => Promise<Database>;
}

export interface KeyContext extends BackendContext {
  /** As `createSealer` makes it: the sealed form of a text that opens only with the same associated data. */
  readonly seal: (text: string, associatedData: string) => string;
}

/** The sealed passwords of roles, with every sealing key that is configured. */
export interface SealContext {
  readonly store: Database;
  readonly sealer: Sealer;
}

/** What certificates are issued with and bundled into. */
export interface ClientAuthority {
  readonly authority: Authority;
  readonly serverCaPem: string;
  readonly defaultDays: number;
  readonly maximumDays: number;
  /** Where clients reach the gate. */
  readonly host: string;
  readonly port: number;
}

export interface CertificateContext extends StoreContext {
  /** null: this Postern is configured without an authority. */
  readonly clientAuthority: ClientAuthority | null;
}

export type ControlContext = KeyContext & CertificateContext;
