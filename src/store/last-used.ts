/**
 * When certificates and keys were last used, stamped by gates in batches. Not a change of policy: no version, no NOTIFY.
 */

import type { Queryable } from '../postgres/query.ts';

/** Ids → epoch milliseconds of their last use. */
export interface LastUsed {
  readonly certificates: ReadonlyMap<string, number>;
  readonly keys: ReadonlyMap<string, number>;
}

// Rows are locked in the order of their ids, so that two gates that stamp the same ones cannot deadlock;
// and a stamp never goes back.
const stampText = (table: 'certificates' | 'api_keys'): string => `
  WITH used AS (
    SELECT t.id, u.at FROM postern.${table} t
    JOIN unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) ON u.id = t.id
    WHERE t.last_used_at IS NULL OR t.last_used_at < u.at
    ORDER BY t.id FOR UPDATE OF t
  )
  UPDATE postern.${table} t SET last_used_at = used.at FROM used WHERE t.id = used.id`;

const stamp = async (
  store: Queryable,
  table: 'certificates' | 'api_keys',
  stamps: ReadonlyMap<string, number>,
): Promise<void> => {
  if (stamps.size > 0) {
    await store.query(stampText(table), [
      [...stamps.keys()],
      [...stamps.values()].map((atMs) => new Date(atMs)),
    ]);
  }
};

export const stampLastUsed = async (store: Queryable, { certificates, keys }: LastUsed): Promise<void> => {
  await stamp(store, 'certificates', certificates);
  await stamp(store, 'api_keys', keys);
};
