import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import type { RawClient } from '../support/raw-client.ts';
import { proveByScram } from '../support/raw-login.ts';
import { gateUnderTest, gateWith, proxyHeader } from './gate-fixture.ts';

describe('a connection without a byte', () => {
  const gate = gateUnderTest();

  it("is closed without a word and is nobody's attempt", async () => {
    const client = await gate.plain();
    client.endSending();
    expect(await client.rest()).toHaveLength(0);
    expect(await gate.logged({ reason: 'no-bytes' })).toMatchObject({ level: 'debug', outcome: 'refused' });

    const known = await gate.greeted({ user: 'nobody' });
    await known.refusal();
    const { rows } = await pollUntil(async () => {
      const found = await gate.postern.store.owner.query<{ reason: string }>(
        'SELECT reason FROM postern.attempts',
      );
      return found.rows.length > 0 ? found : null;
    });
    expect(rows.map(({ reason }) => reason)).toEqual(['user-mismatch']);
  });

  it('may also end in a reset', async () => {
    const client = await gate.plain();
    client.close();
    await gate.logged({ reason: 'no-bytes' });
  });
});

const occupy = async (open: () => Promise<RawClient>, count: number) => {
  const clients: RawClient[] = [];
  for (let index = 0; index < count; index += 1) clients.push(await open());
  return clients;
};

describe('connections that are still logging in', () => {
  const gate = gateUnderTest({
    configure: (config) => ({
      ...gateWith({ trustedProxies: ['127.0.0.0/8'] })(config),
      limits: { ...config.limits, halfOpen: 5, halfOpenPerAddress: 3 },
    }),
    allow: ['198.51.100.0/24'],
  });
  const waiting = (count: number) =>
    pollUntil(async () => (await gate.gauge('postern_connections_half_open')) === count);

  it('are counted per address, and the place is free again when one leaves', async () => {
    const from = '198.51.100.40';
    const [first] = await occupy(() => gate.plain(from), 3);
    await waiting(3);
    const fourth = await gate.plain(from);
    expect(await fourth.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '53300',
      message: 'Too many connections from this address are still logging in (limit 3).',
    });
    await gate.loggedIn({ from: '198.51.100.41' });
    first?.close();
    await waiting(2);
    await gate.loggedIn({ from });
  });

  it('are counted in all', async () => {
    let host = 50;
    await gate.atRest();
    const [first] = await occupy(() => gate.plain(`198.51.100.${host++}`), 5);
    await waiting(5);
    const sixth = await gate.plain('198.51.100.60');
    expect(await sixth.refusal()).toMatchObject({
      sqlstate: '53300',
      message: 'Too many connections are still logging in (limit 5).',
    });
    first?.close();
    await waiting(4);
    await gate.loggedIn({ from: '198.51.100.60' });
  });

  it('beyond the limit are not lingered for, though they keep their side open', async () => {
    await gate.atRest();
    const from = '198.51.100.65';
    await occupy(() => gate.plain(from), 3);
    await waiting(3);
    const refused = await gate.plain(from);
    await refused.rest();
    await pollUntil(() => refused.trySend(Buffer.from('x')) === 'reset', { timeoutMs: 1_000 });
  });

  it('are counted until they are closed, when they were refused and keep their side open', async () => {
    await gate.atRest();
    const from = '198.51.100.66';
    const stubborn = Array.from({ length: 3 }, () =>
      connect({ port: gate.postern.port, host: '127.0.0.1', allowHalfOpen: true }),
    );
    for (const socket of stubborn) {
      socket.write(Buffer.concat([proxyHeader(from), Buffer.from('GET / HTTP/1.1')]));
      socket.resume();
      await once(socket, 'end');
    }
    const fourth = await gate.plain(from);
    expect(await fourth.refusal()).toMatchObject({ sqlstate: '53300' });
    for (const socket of stubborn) socket.destroy();
    await gate.atRest();
    await gate.loggedIn({ from });
  });

  it('are counted no more once they are in', async () => {
    await gate.atRest();
    for (let time = 0; time < 5; time += 1) await gate.loggedIn({ from: '198.51.100.70' });
    await waiting(0);
    expect(await gate.gauge('postern_sessions_active')).toBe(5);
  });
});

describe('sessions', () => {
  const gate = gateUnderTest({
    configure: (config) => ({ ...config, limits: { ...config.limits, sessionsPerAccount: 2 } }),
  });

  it('beyond the limit of the account are told so, until one ends', async () => {
    const { client } = await gate.loggedIn();
    await gate.loggedIn();
    const third = await gate.greeted();
    await proveByScram(third, gate.postern.readerKey);
    expect(await third.refusal()).toMatchObject({
      sqlstate: '53300',
      message: 'The account has reached its limit of 2 sessions.',
    });
    client.close();
    await pollUntil(async () => (await gate.gauge('postern_sessions_active')) === 1);
    await gate.loggedIn();
  });
});
