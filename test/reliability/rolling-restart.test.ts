/** Two instances behind HAProxy, restarted one after the other at noon. */

import { beforeEach, describe, expect, it } from 'vitest';
import { type Balancer, balancerAddress, oneAddress, startBalancer, twoAddress } from './balancer.ts';
import { startLoad } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import type { InstanceSettings } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve } from './serving.ts';

/** As documented for checks every second of which two must fail: and a second more. */
const behindBalancer = { drainDelay: '3s', trustedProxy: balancerAddress };
const settings: readonly InstanceSettings[] = [
  { ...behindBalancer, address: oneAddress, workers: 2 },
  { ...behindBalancer, address: twoAddress },
];

const running = startedPerTest();
let instances: ServingProcess[];
let balancer: Balancer;

beforeEach(async () => {
  instances = await Promise.all(settings.map((each) => serve(running(), each)));
  balancer = await startBalancer(running());
});

/** The fifth command of pgbench's script, after four that draw numbers. */
const nextBegin = /aborted in command 4 query 0: FATAL: {2}The session was ended because Postern shuts down/;

/** Stops and starts each as its service manager would. @returns seconds from SIGTERM to exit */
const restartEach = async (): Promise<string[]> => {
  const took: string[] = [];
  for (const [index, each] of settings.entries()) {
    const old = instances[index];
    const beganAt = performance.now();
    old?.signal('SIGTERM');
    expect(await old?.ended).toBe(0);
    took.push(secondsSince(beganAt));
    await old?.allGone();
    instances[index] = await serve(running(), each);
    await balancer.untilUp(2);
  }
  return took;
};

describe('two instances behind HAProxy that are restarted one after the other', () => {
  it('refuse no connection of clients that come anew for each transaction', async () => {
    const load = await startLoad(running(), balancerAddress, '-C', '-c 6', '-j 2');
    const took = await restartEach();
    const { processed, aborted, committed, apart } = await load.finish();
    expect(aborted).toEqual([]);
    expect({ committed, apart }).toEqual({ committed: processed, apart: 0 });
    record({
      fault: 'Rolling restart of two instances (SIGTERM, `drain_delay: 3s`) under `pgbench -C -c 6`',
      seen: `nothing: 0 of ${processed} connections failed, 0 transactions lost`,
      lost: '0',
      effect: `${took.join(' and ')} from SIGTERM to exit`,
    });
  });

  it('end long sessions between two transactions', async () => {
    const load = await startLoad(running(), balancerAddress, '-c 8', '-j 2');
    const took = await restartEach();
    const { processed, aborted, committed, apart } = await load.finish();
    expect(aborted).toHaveLength(8);
    for (const line of aborted) expect(line).toMatch(nextBegin);
    expect({ committed, apart }).toEqual({ committed: processed, apart: 0 });
    record({
      fault: 'The same under `pgbench -c 8` with sessions that stay',
      seen: '57P01 instead of the answer to their next BEGIN; they have to connect again',
      lost: `${aborted.length} of 8, none in a transaction (${processed} counted, ${committed} committed)`,
      effect: `${took.join(' and ')} from SIGTERM to exit`,
    });
  });
});
