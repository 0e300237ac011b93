/**
 * The sealed passwords of scoped roles: the present one of each key, and during a rotation the next one. Gates are told
 * of the next before the backend has it and try it where the backend refuses the present, so that between the two no
 * login fails (decision 13).
 */

import type { Queryable } from '../postgres/query.ts';
import { onlyRow } from './columns.ts';

export interface SealedRoleSecret {
  /** Of the key, which is also the associated data. */
  readonly id: string;
  readonly sealed: string;
}

/** A key whose role gets another password, named as people name it. */
export interface RotatingKey {
  readonly id: string;
  readonly key: string;
  readonly accountId: string;
  readonly account: string;
  readonly backend: string;
  /** When its present password was made. */
  readonly setAt: Date;
  /** The next password has been announced: an earlier run was interrupted. */
  readonly announced: boolean;
}

/** The present password as it is stored. */
export const loadSealedRoleSecret = async (store: Queryable, id: string): Promise<string> =>
  onlyRow(
    await store.query<{ sealed: string }>(
      'SELECT role_secret_sealed AS sealed FROM postern.api_keys WHERE id = $1',
      [id],
    ),
  ).sealed;

/** null: none has been announced, or the key is not active. */
export const loadNextSealedRoleSecret = async (store: Queryable, id: string): Promise<string | null> => {
  const { rows } = await store.query<{ sealed: string | null }>(
    `SELECT next_role_secret_sealed AS sealed FROM postern.api_keys WHERE id = $1 AND state = 'active'`,
    [id],
  );
  return rows[0]?.sealed ?? null;
};

/** Of all keys that still have a role, present and next ones, for sealing them anew. */
export const listSealedRoleSecrets = async (store: Queryable): Promise<SealedRoleSecret[]> => {
  const { rows } = await store.query<SealedRoleSecret>(
    `SELECT k.id, s.sealed FROM postern.api_keys k
       CROSS JOIN LATERAL (VALUES (role_secret_sealed), (next_role_secret_sealed)) s (sealed)
     WHERE k.state <> 'revoked' AND s.sealed IS NOT NULL ORDER BY k.created_at, k.id`,
  );
  return rows;
};

/**
 * The same password under another sealing key. Does nothing when the key has got another password meanwhile.
 * @param former as it was listed
 */
export const replaceSealedRoleSecret = async (
  store: Queryable,
  { id, sealed: former }: SealedRoleSecret,
  sealed: string,
): Promise<void> => {
  await store.query(
    `UPDATE postern.api_keys SET
       role_secret_sealed = CASE role_secret_sealed WHEN $2 THEN $3 ELSE role_secret_sealed END,
       next_role_secret_sealed = CASE next_role_secret_sealed WHEN $2 THEN $3 ELSE next_role_secret_sealed END
     WHERE id = $1 AND $2 IN (role_secret_sealed, next_role_secret_sealed)`,
    [id, former, sealed],
  );
};

/** Active keys whose password was made before `setBefore` or is half replaced, those first. */
export const listRotatingKeys = async (store: Queryable, setBefore: Date): Promise<RotatingKey[]> => {
  const { rows } = await store.query<RotatingKey>(
    `SELECT k.id, k.name AS key, k.account_id AS "accountId", a.name AS account, a.backend,
            k.role_secret_set_at AS "setAt", k.next_role_secret_sealed IS NOT NULL AS announced
       FROM postern.api_keys k JOIN postern.accounts a ON a.id = k.account_id
      WHERE k.state = 'active' AND a.status <> 'deleted'
        AND (k.next_role_secret_sealed IS NOT NULL OR k.role_secret_set_at < $1)
      ORDER BY announced DESC, a.name, k.created_at, k.id`,
    [setBefore],
  );
  return rows;
};

/**
 * Announces next passwords, all in one statement. Keys that have one keep it: somebody may be giving it to the role.
 * @returns how many were announced
 */
export const announceRoleSecrets = async (
  store: Queryable,
  secrets: readonly SealedRoleSecret[],
): Promise<number> => {
  const { rowCount } = await store.query(
    `UPDATE postern.api_keys k SET next_role_secret_sealed = n.sealed
       FROM unnest($1::uuid[], $2::text[]) n (id, sealed)
      WHERE k.id = n.id AND k.state = 'active' AND k.next_role_secret_sealed IS NULL`,
    [secrets.map(({ id }) => id), secrets.map(({ sealed }) => sealed)],
  );
  return rowCount;
};

/** The backend has the next password: it is the present one from now on. The caller holds the key's lock. */
export const adoptNextRoleSecret = async (store: Queryable, id: string): Promise<void> => {
  await store.query(
    `UPDATE postern.api_keys SET role_secret_sealed = next_role_secret_sealed, next_role_secret_sealed = NULL,
       role_secret_set_at = now()
     WHERE id = $1 AND next_role_secret_sealed IS NOT NULL`,
    [id],
  );
};
