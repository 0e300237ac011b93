/**
 * Policy as the gate sees it: immutable values, one per account, compiled off the hot path and swapped whole.
 * The store loads them, the gate decides over them, `explain` tells about them. Times are epoch milliseconds.
 */

import type { AddressSet } from './addresses.ts';

export type ClientAuthentication = 'scram-sha-256' | 'password';
export type KeyKind = 'master' | 'default_public' | 'regular';
export type KeyState = 'provisioning' | 'active' | 'revoking' | 'revoked';

/** One allowlist entry as an account's owner wrote it; `cidr` is normalised (`203.0.113.0/24`, `2001:db8::/32`). */
export interface AddressRule {
  readonly cidr: string;
  readonly label: string;
  readonly expiresAt: number | null;
}

export interface Certificate {
  readonly id: string;
  readonly name: string;
  /** Lower-case hex, no separators, of the serial number and of SHA-256 over the DER. */
  readonly serial: string;
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revokedAt: number | null;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly kind: KeyKind;
  /** SHA-256 over the key's text, lower-case hex. */
  readonly digest: string;
  /** RFC 5802 §3: StoredKey and ServerKey under the account's salt and iteration count, 32 bytes each, base64. */
  readonly scramStoredKey: string;
  readonly scramServerKey: string;
  readonly roleName: string;
  /** The role's password, sealed with the key's id as associated data; opened only to log in to the backend. */
  readonly sealedRolePassword: string;
  /** The one that it gets at any moment, or has just got; null: no other is on its way. */
  readonly nextSealedRolePassword: string | null;
  readonly expiresAt: number | null;
  readonly state: KeyState;
}

/** What the store has of an account, but for its address rules. */
export interface UncompiledPolicy {
  readonly id: string;
  readonly name: string;
  readonly backend: string;
  readonly database: string;
  readonly databaseAliases: readonly string[];
  readonly enabled: boolean;
  readonly clientCertificate: 'required' | 'optional';
  /** null: as `gate.client_authentication` says. */
  readonly clientAuthentication: ClientAuthentication | null;
  /** Base64. */
  readonly scramSalt: string;
  readonly scramIterations: number;
  /** null: as `limits.sessions_per_account` says. */
  readonly maxSessions: number | null;
  readonly certificates: readonly Certificate[];
  /** Every key that is not yet revoked for good, whatever its state. */
  readonly keys: readonly ApiKey[];
}

export interface AccountPolicy extends UncompiledPolicy {
  /** Its address rules, compiled. Empty when `unreadable`. */
  readonly addresses: AddressSet;
  /** One sentence: why the address rules cannot be read, so that nobody is admitted. null: they can. */
  readonly unreadable: string | null;
}

/** What is told about an account without a look at all of it, so that the time it takes tells nothing either. */
export type AccountOutline = Pick<AccountPolicy, 'id' | 'name' | 'clientCertificate' | 'addresses'>;

/** With the rules as people wrote them, which a gate does not need. */
export interface WrittenPolicy extends AccountPolicy {
  readonly addressRules: readonly AddressRule[];
}
