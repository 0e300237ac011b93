/**
 * Attempts in the order in which they are written, for whoever follows them. Gates write at the same time, so what was
 * written a moment earlier may become visible a moment later: each look goes back a little, and who looks again gets
 * some attempts twice.
 */

import type { Queryable } from '../postgres/query.ts';
import { type Attempt, attemptColumns } from './attempts.ts';

/** Longer than a gate's one statement takes to commit. */
export const overlapSeconds = 5;

export interface AttemptsWritten {
  /** Newest first. */
  readonly attempts: readonly Attempt[];
  /** The store's time, for the next look. */
  readonly lookedAt: Date;
}

/**
 * @param since `lookedAt` of the look before; null: now
 * @param limit the newest so many, when more were written
 */
export const listAttemptsWritten = async (
  store: Queryable,
  accountIds: readonly string[],
  since: Date | null,
  limit: number,
): Promise<AttemptsWritten> => {
  const clock = await store.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const lookedAt = clock.rows[0]?.now ?? new Date();
  const { rows } = await store.query<Attempt>(
    `SELECT ${attemptColumns} FROM postern.attempts a
     WHERE a.account_id = ANY ($1) AND a.written_at > $2::timestamptz - make_interval(secs => $3)
     ORDER BY a.written_at DESC LIMIT $4`,
    [accountIds, since ?? lookedAt, overlapSeconds, limit],
  );
  return { attempts: rows, lookedAt };
};
