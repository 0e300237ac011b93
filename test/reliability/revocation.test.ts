/** What an operator takes away ends the sessions that rest on it, at every instance. */

import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { connect, type SessionOptions } from './clients.ts';
import { record } from './figures.ts';
import {
  clientAddress,
  createBundle,
  createKey,
  installation,
  postern,
  superuserUrl,
} from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve } from './serving.ts';

const longestMs = 1_000;
const running = startedPerTest();
let instances: ServingProcess[];

beforeEach(async () => {
  instances = await Promise.all(
    ['127.0.0.13', '127.0.0.14'].map((address, index) => serve(running(), { address, workers: 1 + index })),
  );
});

/** Calls back with `performance.now()` when a change of the policy has been committed. */
const watchStore = async (onChange: (at: number) => void): Promise<void> => {
  const watcher = new pg.Client({ connectionString: superuserUrl(installation().store, 'postern') });
  await watcher.connect();
  running().defer(() => watcher.end());
  watcher.on('notification', () => onChange(performance.now()));
  await watcher.query('LISTEN postern_policy');
};

/** One session at each instance; then the command. @returns milliseconds from the store's NOTIFY to the last goodbye */
const endedBy = async (options: SessionOptions, sqlstate: string, ...command: string[]): Promise<number> => {
  const sessions = await Promise.all(
    // What was made a moment ago may not have arrived everywhere yet.
    instances.map(({ address }) => pollUntil(() => connect(running(), address, options))),
  );
  let committedAt = Number.NaN;
  let watching = false;
  await watchStore((at) => {
    if (watching && Number.isNaN(committedAt)) committedAt = at;
  });
  watching = true;
  const [ends] = await Promise.all([
    Promise.all(sessions.map(({ ended }) => ended)),
    postern(installation(), ...command),
  ]);
  for (const { error } of ends) expect(error.code).toBe(sqlstate);
  // Who listens hears of it at about the same time as the instances do.
  return Math.max(0, ...ends.map(({ at }) => at - committedAt));
};

describe('two instances', () => {
  it('end the sessions of what is revoked within a second', async () => {
    const place = installation();
    const { guest } = place;
    const lost = { ...guest, bundle: await createBundle(place, guest.name, 'lost') };
    const key = await createKey(place, guest.name, 'lost');
    const cases = [
      {
        what: 'certificate revoke',
        options: { account: lost },
        command: ['certificate', 'revoke', guest.name, 'lost'],
      },
      {
        what: 'key revoke',
        options: { account: guest, key },
        command: ['key', 'revoke', guest.name, 'lost'],
      },
      {
        what: 'address remove',
        options: { account: guest },
        command: ['address', 'remove', guest.name, `${clientAddress}/32`],
        restore: ['address', 'add', guest.name, `${clientAddress}/32`],
      },
      {
        what: 'account disable',
        options: { account: guest },
        command: ['account', 'disable', guest.name],
        restore: ['account', 'enable', guest.name],
      },
    ];
    for (const { what, options, command, restore } of cases) {
      const tookMs = await endedBy(options, '57P01', ...command);
      if (restore) await postern(place, ...restore);
      expect(tookMs, what).toBeLessThan(longestMs);
      record({
        fault: `\`postern ${what}\` with sessions at two instances`,
        seen: '57P01 and why',
        lost: 'those that rest on it',
        effect: `${(tookMs / 1000).toFixed(2)} s from the store's NOTIFY to the end of the last`,
      });
    }
  });
});
