import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { gateUnderTest, gateWith, proxyHeader } from '../gate/gate-fixture.ts';
import { pollUntil } from '../support/poll.ts';
import { RawClient } from '../support/raw-client.ts';
import { proveByScram, query } from '../support/raw-login.ts';
import { message, parseError, startup } from '../support/raw-messages.ts';
import { cancelThrough } from './fleet.ts';
import { shownOf, withWorkers, workerPids } from './workers-fixture.ts';

const proxied = gateWith({ trustedProxies: ['127.0.0.0/8'] });
const home = '198.51.100.1';
const secret = 'a secret of the environment';
let host = 10;
const nextAddress = () => `198.51.100.${host++}`;

describe('two workers', () => {
  beforeAll(() => void vi.stubEnv('POSTERN_TEST_SECRET', secret));
  afterAll(() => void vi.unstubAllEnvs());
  const gate = gateUnderTest({ configure: withWorkers(2, proxied), allow: ['198.51.100.0/24'] });

  it('share the port', async () => {
    const workers = new Set<unknown>();
    await pollUntil(async () => {
      const from = nextAddress();
      const { client } = await gate.loggedIn({ from });
      client.close();
      workers.add((await gate.logged({ address: from, outcome: 'admitted' }))['worker']);
      return workers.size === 2;
    });
  });

  it('are one instance to whoever looks from outside', async () => {
    await gate.atRest();
    const sessions = [await gate.loggedIn({ from: home }), await gate.loggedIn({ from: home })];
    expect(await gate.gauge('postern_workers')).toBe(2);
    expect(await gate.gauge('postern_sessions_active')).toBe(2);
    expect(await gate.gauge('postern_accounts')).toBe(1);
    expect(await gate.gauge('postern_sessions_limit')).toBe(gate.postern.config.limits.sessions);
    expect(await gate.gauge('postern_policy_feed_state\\{state="following"\\}')).toBe(1);
    expect(await gate.gauge('postern_bytes_total\\{direction="backend_to_client"\\}')).toBeGreaterThanOrEqual(
      0,
    );
    const { rows: store } = await gate.postern.store.owner.query<{ version: number }>(
      'SELECT version FROM postern.policy_version',
    );
    expect(await gate.gauge('postern_policy_version')).toBe(store[0]?.version);
    const shown = await pollUntil(async () => {
      const { rows } = await gate.postern.store.owner.query<{ instance_id: string }>(
        'SELECT instance_id FROM postern.sessions',
      );
      return rows.length === sessions.length && rows;
    });
    const { rows } = await gate.postern.store.owner.query('SELECT id, policy_version FROM postern.instances');
    expect(rows).toEqual([{ id: shown[0]?.instance_id, policy_version: expect.anything() }]);
    expect(new Set(shown.map(({ instance_id }) => instance_id)).size).toBe(1);
  });

  it('find the session of a cancel request that arrives at the other one', async () => {
    const outcomes = await pollUntil(
      async () => {
        const from = nextAddress();
        const { client, greeting } = await gate.loggedIn({ from });
        const key = greeting.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8);
        client.send(message('Q', Buffer.from(`SELECT pg_sleep(600), '${from}'\0`)));
        await pollUntil(async () => {
          const running = await gate.postern.superuser(
            `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%${from}%' AND state = 'active' AND pid <> pg_backend_pid()`,
          );
          return running.length > 0;
        });
        await cancelThrough(gate.postern, { processId: key.readInt32BE(), secret: key.subarray(4) }, from);
        const answers = await client.readThrough('Z');
        const error = answers.find(({ type }) => type === 'E');
        expect(parseError(error?.body ?? Buffer.alloc(0))).toMatchObject({ sqlstate: '57014' });
        expect(await query(client, 'SELECT 1')).toEqual([['1']]);
        client.close();
        const cancel = await gate.logged({ address: from, outcome: 'cancel' });
        const session = await gate.logged({ address: from, outcome: 'admitted' });
        return cancel['worker'] !== session['worker'] && [cancel['cancel']];
      },
      { timeoutMs: 20_000 },
    );
    expect(outcomes).toEqual(['forwarded']);
  });

  it('slow down guessing together', async () => {
    const from = nextAddress();
    const workers = new Set<unknown>();
    const answers: string[] = [];
    while (answers.at(-1) !== '53300') {
      const client = await gate.greeted({}, { from });
      await proveByScram(client, 'pst_wrong');
      answers.push((await client.refusal()).sqlstate);
      client.close();
    }
    // As many as one worker alone would take: four are free, the fifth begins the wait.
    expect(answers).toEqual(['28P01', '28P01', '28P01', '28P01', '28P01', '53300']);
    await pollUntil(() => {
      const seen = gate.postern.logLines().filter(({ address }) => address === from);
      for (const { worker } of seen) workers.add(worker);
      return seen.length === answers.length;
    });
  });

  it('show no secret in their arguments and environment', async () => {
    for (const pid of workerPids(gate.postern).values()) {
      const shown = await shownOf(pid);
      expect(shown).toContain('worker');
      // A secret that the configuration took from the environment would stand beside it.
      expect(shown).not.toContain(secret);
      const { store, sealingKeys } = gate.postern.config;
      expect(shown).not.toContain(new URL(store.url).password || store.url);
      for (const { key } of sealingKeys) expect(shown).not.toContain(key.toString('base64'));
    }
  });
});

describe('limits hold exactly, however many workers count', () => {
  const gate = gateUnderTest({
    configure: withWorkers(3, (config) =>
      proxied({
        ...config,
        limits: { ...config.limits, sessionsPerAccount: 7, sessionsPerAddress: 5, halfOpenPerAddress: 4 },
      }),
    ),
    allow: ['198.51.100.0/24'],
  });

  /** All at once: `in`, or the SQLSTATE of the refusal. */
  const storm = (count: number, addressOf: (index: number) => string) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const client = await gate.greeted({}, { from: addressOf(index) });
        await proveByScram(client, gate.postern.readerKey);
        const last = (await client.readThrough('EZ')).at(-1);
        return last?.type === 'E' ? parseError(last.body) : ('in' as const);
      }),
    );
  const admitted = (answers: readonly unknown[]) => answers.filter((answer) => answer === 'in').length;

  it('per account', async () => {
    const answers = await storm(20, nextAddress);
    expect(admitted(answers)).toBe(7);
    const refused = answers.filter((answer) => answer !== 'in');
    expect(new Set(refused.map(({ sqlstate }) => sqlstate))).toEqual(new Set(['53300']));
    expect(await gate.gauge('postern_sessions_active')).toBe(7);
  });

  it('per address, and places are free again when sessions end', async () => {
    await gate.atRest();
    const from = nextAddress();
    const first = await gate.loggedIn({ from });
    for (let time = 0; time < 4; time += 1) await gate.loggedIn({ from });
    const sixth = await gate.greeted({}, { from });
    await proveByScram(sixth, gate.postern.readerKey);
    expect(await sixth.refusal()).toMatchObject({
      sqlstate: '53300',
      message: 'This address has reached its limit of 5 sessions.',
    });
    first.client.close();
    await pollUntil(async () => (await gate.gauge('postern_sessions_active')) === 4);
    await gate.loggedIn({ from });
  });

  it('for connections that are logging in', async () => {
    await gate.atRest();
    const from = nextAddress();
    const clients: RawClient[] = [];
    for (let time = 0; time < 12; time += 1) clients.push(await gate.plain(from));
    await pollUntil(async () => (await gate.gauge('postern_connections_half_open')) === 4);
    await pollUntil(
      () =>
        gate.postern
          .logLines()
          .filter(({ address, reason }) => address === from && reason === 'address-half-open').length === 8,
    );
    for (const client of clients) client.close();
    await gate.atRest();
    const late = await RawClient.open(gate.postern.port);
    late.send(proxyHeader(from));
    await late.requestTls(gate.tlsOptions());
    late.send(startup({ user: gate.postern.account }));
    await proveByScram(late, gate.postern.readerKey);
    expect((await late.readThrough('EZ')).at(-1)?.type).toBe('Z');
    late.close();
  });
});
