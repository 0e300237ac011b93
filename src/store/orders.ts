/**
 * Orders: what one instance asks all others to do at once, over NOTIFY. Nothing is stored: an instance that is not
 * listening at that moment misses it, so an order must be something a person sees fail and can give again.
 */

import type { Queryable } from '../postgres/query.ts';

export const orderChannel = 'postern_orders';

/** `session` is a connection's id; `actor` is who asked, for the log. */
export type Order =
  | { readonly kind: 'end-session'; readonly session: string; readonly actor: string }
  /** Read the configuration and the certificates again. */
  | { readonly kind: 'reload'; readonly actor: string };

export const sendOrder = async (database: Queryable, order: Order): Promise<void> => {
  await database.query('SELECT pg_notify($1, $2)', [orderChannel, JSON.stringify(order)]);
};

/** undefined for what is not an order that this program knows: a newer instance may send others. */
export const parseOrder = (text: string): Order | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { kind, session, actor } = (value ?? {}) as Record<string, unknown>;
  if (typeof actor !== 'string') return undefined;
  if (kind === 'reload') return { kind, actor };
  return kind === 'end-session' && typeof session === 'string' ? { kind, session, actor } : undefined;
};
