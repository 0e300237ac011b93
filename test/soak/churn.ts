/**
 * An operator who adds, revokes and rotates all the time, and somebody who always has the newest key and certificate:
 * what is taken away ends their session, and lets nobody in again.
 */

import { expect } from 'vitest';
import { within } from '../../src/within.ts';
import { connect, refusalOf, type SessionOptions } from '../reliability/clients.ts';
import {
  clientAddress,
  createBundle,
  createKey,
  installation,
  postern,
} from '../reliability/installation.ts';
import { pollUntil } from '../support/poll.ts';
import type { Place } from './work.ts';

const endsWithinMs = 5_000;

interface Change {
  readonly command: (name: string) => readonly string[];
  /** What is taken back afterwards, so that the next round can begin. */
  readonly restore?: (name: string) => readonly string[];
}

const account = 'guest';

/** In turn. */
const changes: readonly Change[] = [
  { command: (name) => ['key', 'revoke', account, name] },
  { command: (name) => ['certificate', 'revoke', account, name] },
  { command: (name) => ['key', 'rotate', account, name] },
  {
    command: () => ['address', 'remove', account, `${clientAddress}/32`],
    restore: () => ['address', 'add', account, `${clientAddress}/32`],
  },
  {
    command: () => ['account', 'disable', account],
    restore: () => ['account', 'enable', account],
  },
];

const round = async ({ address }: Place, time: number): Promise<void> => {
  const place = installation();
  const name = `churn-${time}`;
  const change = changes[time % changes.length] as Change;
  const key = await createKey(place, account, name);
  const bundle = await createBundle(place, account, name);
  const options: SessionOptions = { account: { ...place.guest, bundle }, key, application: name };
  await using session = new AsyncDisposableStack();
  // What was made a moment ago may not have arrived at every worker.
  const { client, ended } = await pollUntil(() => connect(session, address, options));
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await postern(place, ...change.command(name));
  const end = await within(endsWithinMs, ended, null);
  expect(end?.error, change.command(name).join(' ')).toMatchObject({ code: '57P01' });
  await pollUntil(async () => (await refusalOf(address, options)) !== null);
  if (change.restore) await postern(place, ...change.restore(name));
  await pollUntil(async () => (await refusalOf(address, { account: place.guest })) === null);
  // Whatever is left of this round.
  if (time % changes.length !== 0) await postern(place, 'key', 'revoke', account, name);
  if (time % changes.length !== 1) await postern(place, 'certificate', 'revoke', account, name);
};

/** @returns how many rounds */
export const churn = async (place: Place): Promise<number> => {
  let rounds = 0;
  while (!place.stopped.aborted) {
    await round(place, rounds);
    rounds += 1;
  }
  return rounds;
};
