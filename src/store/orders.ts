/**
 * Orders: what one instance asks all others to do at once, over NOTIFY. Nothing is stored: an instance that is not
 * listening at that moment misses it, so an order must be something a person sees fail and can give again. Whoever may
 * connect to the store can read them: they carry no secret.
 */

import type { Queryable } from '../postgres/query.ts';

export const orderChannel = 'postern_orders';

/** `session` is a connection's id; `actor` is who asked, for the log. */
export interface EndSessionOrder {
  readonly kind: 'end-session';
  readonly session: string;
  readonly actor: string;
}

/** A cancel request whose session is not the sender's. Whoever has the session answers. */
export interface CancelQueryOrder {
  readonly kind: 'cancel-query';
  /** Names the answer. */
  readonly request: string;
  /** Of the cancel key, see `fleet/cancel-digest.ts`. */
  readonly digest: string;
  /** The client's. */
  readonly address: string;
}

/** The answer: the backend has dealt with the cancel request. */
export interface QueryCancelledOrder {
  readonly kind: 'query-cancelled';
  readonly request: string;
}

/** Read the configuration and the certificates again. */
export interface ReloadOrder {
  readonly kind: 'reload';
  readonly actor: string;
}

/** An instance hears orders from now on: nobody has to wait for its heartbeat to know of it. */
export interface InstanceHearsOrder {
  readonly kind: 'instance-hears';
  readonly instance: string;
}

export type Order =
  | EndSessionOrder
  | CancelQueryOrder
  | QueryCancelledOrder
  | ReloadOrder
  | InstanceHearsOrder;

export const sendOrder = async (database: Queryable, order: Order): Promise<void> => {
  await database.query('SELECT pg_notify($1, $2)', [orderChannel, JSON.stringify(order)]);
};

const fields: Readonly<Record<Order['kind'], readonly string[]>> = {
  'end-session': ['session', 'actor'],
  'cancel-query': ['request', 'digest', 'address'],
  'query-cancelled': ['request'],
  reload: ['actor'],
  'instance-hears': ['instance'],
};

/** undefined for what is not an order that this program knows: a newer instance may send others. */
export const parseOrder = (text: string): Order | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found = (value ?? {}) as Record<string, unknown>;
  const names = Object.hasOwn(fields, String(found['kind']))
    ? fields[found['kind'] as Order['kind']]
    : undefined;
  if (!names?.every((name) => typeof found[name] === 'string')) return undefined;
  return Object.fromEntries(['kind', ...names].map((name) => [name, found[name]])) as unknown as Order;
};
