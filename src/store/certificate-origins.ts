/**
 * Which certificates still depend on a CA that is to be dropped, by account. Rows that do not say were written before
 * anything was replaced, and count as depending on it.
 */

import type { Queryable } from '../postgres/query.ts';

export interface Dependents {
  readonly account: string;
  /** Active certificates: neither revoked nor expired. */
  readonly certificates: number;
  /** The latest time that one of them was used; null: never. */
  readonly lastUsedAt: Date | null;
}

const countActive = async (
  store: Queryable,
  condition: string,
  values: readonly unknown[],
): Promise<Dependents[]> => {
  const { rows } = await store.query<Dependents>(
    `SELECT a.name AS account, count(*)::int AS certificates, max(c.last_used_at) AS "lastUsedAt"
       FROM postern.certificates c JOIN postern.accounts a ON a.id = c.account_id
      WHERE c.revoked_at IS NULL AND c.not_after > now() AND a.status <> 'deleted' AND ${condition}
      GROUP BY a.name ORDER BY a.name`,
    values,
  );
  return rows;
};

/** Signed by another client CA than these (SHA-256, as in the store). */
export const listIssuedByOthers = (store: Queryable, issuers: readonly string[]): Promise<Dependents[]> =>
  countActive(store, 'coalesce(NOT c.issuer_sha256 = ANY ($1::text[]), true)', [issuers]);

/** Delivered in a bundle that does not carry this server CA. */
export const listBundledWithout = (store: Queryable, serverCa: string): Promise<Dependents[]> =>
  countActive(store, 'coalesce(NOT $1 = ANY (c.trusted_cas_sha256), true)', [serverCa]);
