/** The store is stopped for a minute. */

import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { attemptsOf, connect, works } from './clients.ts';
import { startAgainBy, stopCluster } from './cluster.ts';
import { record, secondsSince } from './figures.ts';
import { installation, postern } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { readiness, serve, untilLogged } from './serving.ts';

const address = '127.0.0.13';
const awaySeconds = 60;
const running = startedPerTest();

describe('an instance whose store is stopped for a minute', () => {
  it('lets everybody in, says so, and catches up', { timeout: 180_000 }, async () => {
    const { store, guest } = installation();
    const serving = await serve(running(), { address, workers: 2 });
    const stays = await connect(running(), address);
    const toBeEnded = await connect(running(), address, { account: guest });
    await stopCluster(store);
    const bringBack = startAgainBy(running(), store);
    await untilLogged(serving, ({ state }) => state === 'failing');

    let logins = 0;
    let longestMs = 0;
    while ((await serving.metric('postern_policy_age_seconds')) < awaySeconds) {
      await using login = new AsyncDisposableStack();
      const beganAt = performance.now();
      const session = await connect(login, address, { application: 'away' });
      longestMs = Math.max(longestMs, performance.now() - beganAt);
      expect(await works(session)).toBe(true);
      expect(await readiness(serving)).toBe(200);
      logins += 1;
    }
    expect(await works(stays)).toBe(true);

    await bringBack();
    const backAt = performance.now();
    await postern(installation(), 'account', 'disable', guest.name);
    const { error, at } = await toBeEnded.ended;
    await postern(installation(), 'account', 'enable', guest.name);
    expect(error.code).toBe('57P01');
    const inForce = secondsSince(backAt, at);
    expect(at - backAt).toBeLessThan(20_000);
    await pollUntil(async () => (await attemptsOf('away')) === logins, { timeoutMs: 20_000 });
    const caughtUp = secondsSince(backAt);
    expect(await serving.metric('postern_attempts_dropped_total')).toBe(0);
    await pollUntil(async () => (await serving.metric('postern_policy_age_seconds')) < 10);
    expect(await works(stays)).toBe(true);
    record({
      fault: `Store stopped for ${awaySeconds} s`,
      seen: `nothing: ${logins} of ${logins} logins succeeded, the slowest in ${(longestMs / 1000).toFixed(2)} s; /readyz 200`,
      lost: '0',
      effect: `back: ${inForce} until a change was made and in force, ${caughtUp} until every attempt was written`,
    });
  });
});
