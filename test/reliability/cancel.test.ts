/** Ctrl-C in psql, whose request arrives where the session is not. */

import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { startPsql } from '../support/psql.ts';
import { balancerAddress, oneAddress, startBalancer, twoAddress } from './balancer.ts';
import { isRunning } from './clients.ts';
import { startCluster, stopCluster } from './cluster.ts';
import { record, secondsSince } from './figures.ts';
import { installation, libpq } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { serve, untilLogged } from './serving.ts';

const running = startedPerTest();

/** psql runs a long query and is interrupted. @returns when Ctrl-C was pressed and when psql had its prompt back */
const interrupt = async (address: string, mark: string) => {
  const { bench } = installation();
  const { process: psql, result } = startPsql(
    [`SELECT pg_sleep(600) -- ${mark}`],
    { ...libpq(bench, address), PGAPPNAME: mark },
    bench.bundle,
  );
  running().defer(() => void psql.kill('SIGKILL'));
  await pollUntil(() => isRunning(mark), { timeoutMs: 20_000 });
  const pressedAt = performance.now();
  psql.kill('SIGINT');
  const { stderr } = await result;
  expect(stderr).toContain('canceling statement due to user request');
  return { pressedAt, endedAt: performance.now() };
};

describe('Ctrl-C in psql', () => {
  it('ends the query though the request lands on the other instance', async () => {
    const instances = await Promise.all(
      [oneAddress, twoAddress].map((address) =>
        serve(running(), { address, trustedProxy: balancerAddress, logLevel: 'debug' }),
      ),
    );
    await startBalancer(running());
    const { pressedAt, endedAt } = await interrupt(balancerAddress, 'elsewhere');
    await Promise.any(
      instances.map((instance) => untilLogged(instance, ({ cancel }) => cancel === 'elsewhere')),
    );
    record({
      fault: 'Ctrl-C in psql through HAProxy: the cancel request lands on the other instance',
      seen: '57014, and the session goes on',
      lost: '0',
      effect: `${secondsSince(pressedAt, endedAt)} until psql had the answer`,
    });
  });

  it('ends the query of another worker while the store is stopped', async () => {
    const { store } = installation();
    const serving = await serve(running(), { address: '127.0.0.13', workers: 2, logLevel: 'debug' });
    await stopCluster(store);
    running().defer(() => startCluster(store));
    let took = '';
    // The kernel decides which worker gets a connection.
    for (let time = 0, across = false; !across; time += 1) {
      expect(time).toBeLessThan(30);
      const mark = `worker ${time}`;
      const { pressedAt, endedAt } = await interrupt(serving.address, mark);
      const session = await untilLogged(serving, ({ application }) => application === mark);
      const cancels = await pollUntil(() => {
        const found = serving.lines().filter(({ cancel }) => cancel === 'forwarded');
        return found.length > time && found;
      });
      across = cancels[time]?.['worker'] !== session['worker'];
      took = secondsSince(pressedAt, endedAt);
    }
    record({
      fault: 'Ctrl-C in psql to another worker of the instance, while the store is stopped',
      seen: '57014, and the session goes on',
      lost: '0',
      effect: `${took} until psql had the answer`,
    });
  });
});
