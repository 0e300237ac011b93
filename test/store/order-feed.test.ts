import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../src/postgres/listen.ts';
import { followOrders } from '../../src/store/order-feed.ts';
import { type Order, sendOrder } from '../../src/store/orders.ts';
import { gateRole } from '../../src/store/roles.ts';
import { pollUntil } from '../support/poll.ts';
import { createStore, type TestStore } from '../support/store.ts';

describe('following orders', () => {
  let store: TestStore;
  const stopping = new AbortController();
  const seen: Order[] = [];
  let following: Promise<void>;

  beforeAll(async () => {
    store = await createStore();
    const listens = Promise.withResolvers<void>();
    following = followOrders({
      connectListener: (channels, events) => listen(store.options(gateRole), channels, events),
      onOrder: (order) => seen.push(order),
      onListening: listens.resolve,
      checkIntervalMs: 600_000,
      stopped: stopping.signal,
    });
    await listens.promise;
  });
  afterAll(async () => {
    stopping.abort();
    await following;
    await store?.drop();
  });

  test('passes on orders and ignores what is not one', async () => {
    const orders: Order[] = [
      { kind: 'end-session', session: 'c-1', actor: 'operator' },
      { kind: 'cancel-query', request: 'r-1', digest: 'abc', address: '198.51.100.7' },
      { kind: 'query-cancelled', request: 'r-1' },
      { kind: 'instance-hears', instance: 'i-1' },
    ];
    const foreign = [
      'nonsense',
      'null',
      '{"kind":"make-coffee"}',
      '{"kind":"toString"}',
      '{"kind":"cancel-query","request":"r-1","digest":7,"address":"198.51.100.7"}',
    ];
    await store.owner.query(
      `SELECT pg_notify('postern_orders', order_text) FROM unnest($1::text[]) order_text`,
      [foreign],
    );
    for (const order of orders) await sendOrder(store.gate, order);
    await pollUntil(() => seen.length === orders.length);
    expect(seen).toEqual(orders);
  });
});
