/**
 * What the console's API answers, as JSON brings it: times are ISO 8601 texts. The words and field names are the
 * API's; nothing is renamed here.
 */

import type { Grant, GrantableSchema } from './text/grants.ts';

/** One part of a long list; `nextCursor` asks for the next, null: there is none. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Me {
  readonly role: 'account' | 'operator';
  /** null for operators, who see all accounts. */
  readonly account: string | null;
  readonly expiresAt: string | null;
  readonly anyAddressAllowed?: boolean;
}

/** `etag` tells the version that was seen, for changes that must not overwrite another's. */
interface Versioned {
  readonly id: string;
  readonly etag?: string;
}

export interface AddressRule extends Versioned {
  readonly cidr: string;
  readonly label: string;
  readonly expiresAt: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
}

export interface Certificate extends Versioned {
  readonly name: string;
  readonly serial: string;
  readonly status: 'active' | 'expired' | 'revoked';
  readonly issuedFrom: 'key' | 'csr';
  readonly notBefore: string;
  readonly notAfter: string;
  readonly revokedAt: string | null;
  readonly revokeReason: string | null;
  readonly lastUsedAt: string | null;
  readonly createdAt: string;
}

export interface BundleFile {
  readonly name: string;
  /** Unix permissions, octal. */
  readonly mode: string;
  readonly encoding: 'utf8' | 'base64';
  readonly content: string;
}

export interface CreatedCertificate {
  readonly certificate: Certificate;
  readonly fileName: string;
  readonly files: readonly BundleFile[];
  /** The whole ZIP, base64. */
  readonly zip: string;
}

export type KeyKind = 'regular' | 'default_public' | 'master';

export interface ApiKey extends Versioned {
  readonly name: string;
  readonly kind: KeyKind;
  readonly status: 'active' | 'expired' | 'provisioning' | 'revoking' | 'revoked';
  /** The last four characters of the key's text. */
  readonly hint: string;
  readonly grantItems: readonly Grant[];
  /** false: the database does not have them yet. */
  readonly grantsApplied: boolean;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
  readonly createdAt: string;
}

/** `text` is the secret, told this once. */
export interface CreatedKey {
  readonly key: ApiKey;
  readonly text: string;
}

export interface RotatedKey extends CreatedKey {
  /** Why the backend has not followed yet; null: it has. */
  readonly unfinished: string | null;
}

export interface Grantable {
  readonly schemas: readonly GrantableSchema[];
}

export interface Session {
  readonly id: string;
  readonly address: string;
  /** Names, for people. */
  readonly certificate: string | null;
  readonly key: string | null;
  readonly certificateId: string | null;
  readonly keyId: string;
  readonly applicationName: string;
  readonly startedAt: string;
}

export interface Attempt {
  readonly id: string;
  readonly at: string;
  readonly address: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  readonly outcome: 'admitted' | 'refused';
  readonly reason: string | null;
  /** `reason` in plain words. */
  readonly title: string | null;
  /** What to do about it. */
  readonly hint: string | null;
  readonly applicationName: string | null;
  readonly durationMs: number | null;
}

export interface Told {
  readonly reason: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface Explanation {
  readonly admitted: boolean;
  readonly told: Told | null;
  readonly locks: readonly {
    readonly lock: 'certificate' | 'account' | 'address' | 'key';
    readonly opens: boolean;
    readonly verdicts: readonly {
      readonly name: string | null;
      readonly opens: boolean;
      readonly because: string;
    }[];
  }[];
}

export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly guides: readonly { readonly id: string; readonly title: string; readonly html: string }[];
  readonly downloads: readonly {
    readonly fileName: string;
    readonly mediaType: string;
    readonly content: string;
  }[];
  readonly jdbcUrl: string;
  readonly odbcConnectionString: string;
  readonly psqlCommand: string;
}

export interface AuditEvent {
  readonly number: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
}

export type AuditVerdict =
  | { readonly kind: 'intact'; readonly events: number }
  | { readonly kind: 'broken'; readonly number: number };

export interface Account extends Versioned {
  readonly name: string;
  readonly backend: string;
  readonly database: string;
  readonly databaseAliases: readonly string[];
  readonly ownerRole: string;
  readonly status: 'active' | 'disabled';
  readonly clientCertificate: 'required' | 'optional';
  readonly clientAuthentication: 'scram-sha-256' | 'password' | null;
  readonly maxSessions: number | null;
  readonly anyAddressAllowed: boolean;
  readonly createdAt: string;
}

export interface Instance {
  readonly id: string;
  readonly address: string;
  readonly version: string;
  readonly startedAt: string;
  readonly state: 'alive' | 'silent';
  readonly heartbeatAt: string;
  readonly policyVersion: number | null;
}

/** `policyVersion` is the store's: an instance with a smaller one is behind. */
export interface Instances extends Page<Instance> {
  readonly policyVersion: number;
}
