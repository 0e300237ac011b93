/**
 * API keys in the store: verifiers and the sealed password of the scoped role, never the key's text.
 * States go provisioning → active → revoking → revoked and never back; each step is one statement that names the state
 * it starts from, so of two who try at once only one succeeds. What the states mean on a backend is control's.
 */

import type { KeyKind, KeyState } from '../policy/account.ts';
import type { Grant } from '../policy/grants.ts';
import type { Queryable } from '../postgres/query.ts';
import { columnsOf, onlyRow } from './columns.ts';
import { refuseDuplicates } from './unique.ts';

export interface StoredKey {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly kind: KeyKind;
  /** The last four characters of the key's text. */
  readonly hint: string;
  readonly roleName: string;
  readonly grants: readonly Grant[];
  /** false: the backend does not have them, or another password of the role, yet. */
  readonly grantsApplied: boolean;
  readonly state: KeyState;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly revokeReason: string | null;
  readonly rotatedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** What recognises the key's text; 32 bytes each. */
export interface KeyVerifiers {
  readonly digestSha256: Buffer;
  readonly scramStoredKey: Buffer;
  readonly scramServerKey: Buffer;
}

export type NewKey = Pick<
  StoredKey,
  'id' | 'accountId' | 'name' | 'kind' | 'hint' | 'roleName' | 'grants' | 'expiresAt' | 'createdBy'
> &
  KeyVerifiers & { readonly roleSecretSealed: string };

export const keyColumns = columnsOf('k', [
  'id',
  'account_id',
  'name',
  'kind',
  'hint',
  'role_name',
  'grants',
  'grants_applied',
  'state',
  'expires_at',
  'revoked_at',
  'revoke_reason',
  'rotated_at',
  'last_used_at',
  'created_by',
  'created_at',
]);

/**
 * Stores a key in state `provisioning`. Its id is the caller's, because the role's password is sealed with it.
 * @throws RequestError when the account has a key of this name, or a second default_public, that is not revoked
 */
export const insertKey = (store: Queryable, accountName: string, key: NewKey): Promise<StoredKey> =>
  refuseDuplicates(
    {
      api_keys_account_id_name_key: `The account "${accountName}" already has an API key named "${key.name}".`,
      api_keys_default_public_key: `The account "${accountName}" already has a default public API key.`,
    },
    async () =>
      onlyRow(
        await store.query<StoredKey>(
          `INSERT INTO postern.api_keys AS k (id, account_id, name, kind, digest_sha256, scram_stored_key,
             scram_server_key, hint, role_name, role_secret_sealed, grants, expires_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING ${keyColumns}`,
          [
            key.id,
            key.accountId,
            key.name,
            key.kind,
            key.digestSha256,
            key.scramStoredKey,
            key.scramServerKey,
            key.hint,
            key.roleName,
            key.roleSecretSealed,
            JSON.stringify(key.grants),
            key.expiresAt,
            key.createdBy,
          ],
        ),
      ),
  );

/** Revoked ones too, in the order in which they were made. */
export const listKeys = async (store: Queryable, accountId: string): Promise<StoredKey[]> => {
  const { rows } = await store.query<StoredKey>(
    `SELECT ${keyColumns} FROM postern.api_keys k WHERE account_id = $1 ORDER BY created_at, id`,
    [accountId],
  );
  return rows;
};

/** By the name that is in use; revoked keys have lost theirs. */
export const findKey = async (
  store: Queryable,
  accountId: string,
  name: string,
): Promise<StoredKey | undefined> => {
  const { rows } = await store.query<StoredKey>(
    `SELECT ${keyColumns} FROM postern.api_keys k WHERE account_id = $1 AND name = $2 AND state <> 'revoked'`,
    [accountId, name],
  );
  return rows[0];
};

export const findKeyById = async (store: Queryable, id: string): Promise<StoredKey | undefined> => {
  const { rows } = await store.query<StoredKey>(
    `SELECT ${keyColumns} FROM postern.api_keys k WHERE id = $1`,
    [id],
  );
  return rows[0];
};

/** @param digest SHA-256 of the key's text; whatever the key's state */
export const findKeyByDigest = async (store: Queryable, digest: Buffer): Promise<StoredKey | undefined> => {
  const { rows } = await store.query<StoredKey>(
    `SELECT ${keyColumns} FROM postern.api_keys k WHERE digest_sha256 = $1`,
    [digest],
  );
  return rows[0];
};

/** What a crash or an unreachable backend left half-done, oldest first, for `reconcile`. */
export const listUnfinishedKeys = async (store: Queryable): Promise<StoredKey[]> => {
  const { rows } = await store.query<StoredKey>(
    `SELECT ${keyColumns} FROM postern.api_keys k
     WHERE state IN ('provisioning', 'revoking') OR (state = 'active' AND NOT grants_applied)
     ORDER BY created_at, id`,
  );
  return rows;
};
