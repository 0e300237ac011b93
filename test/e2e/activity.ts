/** What the backend says about the queries of a test, which carry a mark in their text: `select … -- mark`. */

import { pollUntil } from '../support/poll.ts';
import type { TestPostern } from '../support/postern.ts';

type Superuser = Pick<TestPostern, 'superuser'>;

/** Process ids of the backends that run a query with this mark at the moment. */
export const runningWith = async ({ superuser }: Superuser, mark: string): Promise<number[]> => {
  const rows = await superuser(
    `SELECT pid FROM pg_stat_activity
     WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%${mark}%'`,
  );
  return rows.map(({ pid }) => Number(pid));
};

/** @returns the process id of the backend that runs it */
export const untilRunning = (postern: Superuser, mark: string): Promise<number> =>
  pollUntil(async () => (await runningWith(postern, mark))[0], { timeoutMs: 10_000 });

/** Fails when the query still runs after `timeoutMs`. */
export const untilNoneRuns = (postern: Superuser, mark: string, timeoutMs: number): Promise<true> =>
  pollUntil(async () => (await runningWith(postern, mark)).length === 0, { timeoutMs });
