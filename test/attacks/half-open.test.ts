import { afterEach, describe, expect, it, vi } from 'vitest';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { pollUntil } from '../support/poll.ts';
import { RawClient } from '../support/raw-client.ts';
import { query } from '../support/raw-login.ts';
import { type Crowd, type CrowdOptions, gather } from './crowd.ts';

const crowds: Crowd[] = [];
afterEach(() => {
  for (const crowd of crowds.splice(0)) crowd.leave();
});

const withinMs = 1_000;
/** Until a crowd of thousands is counted, or gone, on a machine that is busy elsewhere. */
const patience = { timeoutMs: 30_000, intervalMs: 50 };
vi.setConfig({ testTimeout: 120_000 });

describe('two thousand half-open connections', () => {
  const gate = gateUnderTest({
    configure: (config) => ({
      ...gateWith({ loginTimeoutMs: 60_000 })(config),
      limits: { ...config.limits, halfOpen: 4_000, halfOpenPerAddress: 50 },
    }),
    // 127.0.0.1 belongs to somebody's office, the addresses of the crowds to nobody's.
    allow: ['127.0.0.1'],
  });
  const crowd = async (options: Omit<CrowdOptions, 'port' | 'each'>) => {
    const gathered = await gather({ ...options, port: gate.postern.port, each: 50 });
    crowds.push(gathered);
    return gathered;
  };
  const halfOpen = (count: number) =>
    pollUntil(async () => (await gate.gauge('postern_connections_half_open')) === count, patience);
  /** Of three logins, each with a query: so that a machine that is busy elsewhere may be late twice. */
  const fastestLoginMs = async () => {
    const took: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      const beganAt = performance.now();
      const { client } = await gate.loggedIn();
      expect(await query(client, 'SELECT 1')).toEqual([['1']]);
      took.push(performance.now() - beganAt);
      client.close();
    }
    return Math.min(...took);
  };

  it.each([
    ['that say nothing', Buffer.alloc(0), 1],
    ['that ask for TLS and then say nothing', buildSslRequest(), 2],
    ['that begin a handshake', Buffer.from('16030102000100', 'hex'), 3],
  ])('%s do not keep a client from logging in within a second', async (_name, say, of) => {
    const { staying } = await crowd({ count: 2_000, of, say });
    await halfOpen(2_000);
    expect(await fastestLoginMs()).toBeLessThan(withinMs);
    expect(staying()).toBe(2_000);
    for (const gathered of crowds.splice(0)) gathered.leave();
    await halfOpen(0);
  });

  it('are all that strangers get: more are refused, and who comes from an allowed address is not', async () => {
    await crowd({ count: 2_000, of: 4, say: Buffer.alloc(0) });
    await halfOpen(2_000);
    const stranger = await RawClient.open(gate.postern.port, '127.0.0.1', '127.0.5.1');
    expect(await stranger.refusal()).toMatchObject({
      sqlstate: '53300',
      message: 'Too many connections are still logging in (limit 2000).',
    });
    const late = await crowd({ count: 1_000, of: 5, say: Buffer.alloc(0) });
    expect(await fastestLoginMs()).toBeLessThan(withinMs);
    await halfOpen(2_000);
    await pollUntil(() => late.staying() === 0, patience);
  });
});

describe('a flood of connections from one address', () => {
  const gate = gateUnderTest({
    configure: (config) => ({
      ...config,
      limits: { ...config.limits, halfOpen: 400, halfOpenPerAddress: 50 },
    }),
  });

  it('takes the places of that address alone', async () => {
    const flood = { port: gate.postern.port, count: 400, each: 400, of: 6, say: Buffer.alloc(0) };
    crowds.push(await gather(flood));
    await pollUntil(async () => (await gate.gauge('postern_connections_half_open')) === 50);
    const { client } = await gate.loggedIn();
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);
  });
});
