import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Listener, listen } from '../../src/postgres/listen.ts';
import { type Order, orderChannel, parseOrder } from '../../src/store/orders.ts';
import { gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { addSecondAccount, type SecondAccount } from '../gate/second-account.ts';
import { pollUntil } from '../support/poll.ts';
import type { TestInstance } from '../support/postern.ts';
import { query } from '../support/raw-login.ts';
import { message, parseError } from '../support/raw-messages.ts';
import { cancelThrough, untilLogged } from './fleet.ts';

const behindProxy = { configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }), allow: ['198.51.100.0/24'] };
const home = '198.51.100.1';

describe('a cancel request that arrives at another instance', () => {
  const gate = gateUnderTest(behindProxy);
  let other: TestInstance;
  let neighbour: SecondAccount;
  let listener: Listener;
  /** What the store's channel showed during a test, perhaps with a late answer from the one before. */
  let payloads: string[] = [];
  const orders = <Kind extends Order['kind']>(kind: Kind) =>
    payloads.map(parseOrder).filter((order): order is Order & { kind: Kind } => order?.kind === kind);

  beforeAll(async () => {
    other = await gate.postern.startInstance();
    neighbour = await addSecondAccount(gate.postern);
    await gate.postern.caughtUp();
    listener = await listen(gate.postern.store.options(), [orderChannel], {
      onNotification: ({ payload }) => payloads.push(payload),
      onLost: () => undefined,
    });
  });
  beforeEach(() => {
    payloads = [];
  });
  afterAll(async () => {
    await listener?.close();
    await neighbour?.drop();
  });

  /** A session of the first instance in the middle of a query that the backend is seen to run. */
  const running = async (minor = 0) => {
    const { client, greeting: messages } = await gate.loggedIn({ minor, from: home });
    const key = messages.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(4);
    const mark = key.toString('hex');
    client.send(message('Q', Buffer.from(`SELECT pg_sleep(600), '${mark}'\0`)));
    const runs = async () =>
      (
        await gate.postern.superuser(
          `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%${mark}%' AND state = 'active' AND pid <> pg_backend_pid()`,
        )
      ).length > 0;
    await pollUntil(runs);
    return { client, runs, key: { processId: key.readInt32BE(), secret: key.subarray(4) } };
  };

  it.each([0, 2])('cancels the running query of a client of protocol 3.%d', async (minor) => {
    const { client, key } = await running(minor);
    const sentAt = performance.now();
    await cancelThrough(other, key, home);
    expect(performance.now() - sentAt).toBeLessThan(3_000);
    const answers = await client.readThrough('Z');
    expect(parseError(answers.find(({ type }) => type === 'E')?.body ?? Buffer.alloc(0))).toMatchObject({
      sqlstate: '57014',
    });
    await untilLogged(other, { cancel: 'elsewhere', address: home });
    const metrics = await (await fetch(`http://127.0.0.1:${other.serving.telemetryPort}/metrics`)).text();
    expect(metrics).toMatch(/^postern_cancels_total\{outcome="elsewhere"\} [1-9]/m);
    // The session goes on.
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);
  });

  it('never shows its key to the store', async () => {
    const { client, key } = await running(2);
    await cancelThrough(other, key, home);
    await client.readThrough('Z');
    await pollUntil(() => {
      const [{ request } = { request: 'none' }] = orders('cancel-query');
      expect(orders('query-cancelled')).toContainEqual({ kind: 'query-cancelled', request });
      return true;
    });
    const inClear = (['hex', 'base64', 'base64url', 'latin1'] as const).map((encoding) =>
      key.secret.toString(encoding),
    );
    for (const text of [...inClear, String(key.processId)]) expect(payloads.join()).not.toContain(text);
  });

  it('is ignored when its secret is wrong, or its address one that only another account allows', async () => {
    const { client, runs, key } = await running();
    await Promise.all([
      cancelThrough(other, { ...key, secret: Buffer.from('wrong') }, home),
      cancelThrough(other, key, '127.0.0.50'),
    ]);
    await untilLogged(other, { cancel: 'unknown', address: '127.0.0.50' });
    // Both were asked about: the instance that has the session refused.
    expect(orders('cancel-query')).toHaveLength(2);
    expect(await runs()).toBe(true);
    await cancelThrough(other, key, home);
    await client.readThrough('Z');
  });

  it('is not even asked about from an address that no account allows', async () => {
    const [stranger, neighbourhood] = ['203.0.113.77', '198.51.100.77'];
    const { client, runs, key } = await running();
    for (let time = 0; time < 10; time += 1) await cancelThrough(other, key, stranger);
    expect(await runs()).toBe(true);
    await cancelThrough(other, key, neighbourhood);
    await client.readThrough('Z');
    // The store shows orders in the order in which they were given.
    const asked = () => orders('cancel-query').map(({ address }) => address);
    await pollUntil(() => asked().includes(neighbourhood));
    expect(asked()).not.toContain(stranger);
  });

  it('finds nobody once the session has ended', async () => {
    const { client, key } = await running();
    client.close();
    await gate.atRest();
    await cancelThrough(other, key, '198.51.100.99');
    await untilLogged(other, { cancel: 'unknown', address: '198.51.100.99' });
  });

  it('is nobody else’s business when an instance is alone', async () => {
    await other.stop();
    // The remaining one learns of it with its next heartbeat.
    await pollUntil(
      async () => {
        payloads = [];
        await cancelThrough(gate.postern, { processId: 1, secret: Buffer.alloc(4) }, '198.51.100.80');
        return payloads.length === 0;
      },
      { timeoutMs: 20_000 },
    );
  });
});
