/**
 * Changes of API keys after their creation. Each returns undefined when the key was not in a state that allows the
 * change, and then has changed nothing.
 */

import type { Grant } from '../policy/grants.ts';
import type { Queryable } from '../postgres/query.ts';
import { type KeyVerifiers, keyColumns, type StoredKey } from './api-keys.ts';

const change = async (
  store: Queryable,
  assignments: string,
  condition: string,
  values: readonly unknown[],
): Promise<StoredKey | undefined> => {
  const { rows } = await store.query<StoredKey>(
    `UPDATE postern.api_keys k SET ${assignments} WHERE id = $1 AND ${condition} RETURNING ${keyColumns}`,
    values,
  );
  return rows[0];
};

/** The role exists on the backend with all grants: provisioning → active. */
export const activateKey = (store: Queryable, id: string): Promise<StoredKey | undefined> =>
  change(store, `state = 'active', grants_applied = true`, `state = 'provisioning'`, [id]);

/** From now on no gate admits it: provisioning or active → revoking. */
export const beginRevokingKey = (
  store: Queryable,
  id: string,
  reason: string | null,
): Promise<StoredKey | undefined> =>
  change(
    store,
    `state = 'revoking', revoked_at = now(), revoke_reason = $2`,
    `state IN ('provisioning', 'active')`,
    [id, reason],
  );

/** Its role is gone from the backend: revoking → revoked. */
export const finishRevokingKey = (store: Queryable, id: string): Promise<StoredKey | undefined> =>
  change(store, `state = 'revoked'`, `state = 'revoking'`, [id]);

/** The grants that it shall have; they count as not applied until `markGrantsApplied`. */
export const replaceGrants = (
  store: Queryable,
  id: string,
  grants: readonly Grant[],
): Promise<StoredKey | undefined> =>
  change(store, `grants = $2, grants_applied = false`, `state IN ('provisioning', 'active')`, [
    id,
    JSON.stringify(grants),
  ]);

/** The backend has the key's role with exactly these grants; undefined when others have been asked for meanwhile. */
export const markGrantsApplied = (
  store: Queryable,
  id: string,
  grants: readonly Grant[],
): Promise<StoredKey | undefined> =>
  change(store, 'grants_applied = true', `state = 'active' AND grants = $2::jsonb`, [
    id,
    JSON.stringify(grants),
  ]);

/**
 * Another text for the same key, and another password for its role; the old text is refused and its sessions are
 * ended. The role counts as behind until `markGrantsApplied`.
 */
export const rotateKey = (
  store: Queryable,
  id: string,
  rotated: KeyVerifiers & Pick<StoredKey, 'hint'> & { readonly roleSecretSealed: string },
): Promise<StoredKey | undefined> =>
  change(
    store,
    `digest_sha256 = $2, scram_stored_key = $3, scram_server_key = $4, hint = $5, role_secret_sealed = $6,
     next_role_secret_sealed = NULL, role_secret_set_at = now(), grants_applied = false, rotated_at = now()`,
    `state = 'active'`,
    [
      id,
      rotated.digestSha256,
      rotated.scramStoredKey,
      rotated.scramServerKey,
      rotated.hint,
      rotated.roleSecretSealed,
    ],
  );
