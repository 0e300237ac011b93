/**
 * Attempts: one row per connection, written by gates in batches after the connection has ended.
 * Append only; the oldest go by retention. Nothing about a row can cost the batch it came with: there are no foreign
 * keys, and what the store does not take is left out.
 */

import type { FailureCode } from '../failures.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { columnsOf } from './columns.ts';

export interface Attempt {
  /** The connection's id; the same id twice is stored once, so a batch may be sent again. */
  readonly id: string;
  /** When the connection was accepted. */
  readonly at: Date;
  readonly accountId: string | null;
  /** The name that the account had. */
  readonly account: string | null;
  readonly address: string | null;
  readonly certificateId: string | null;
  readonly keyId: string | null;
  readonly outcome: 'admitted' | 'refused';
  /** Why it was refused, or what ended an admitted one when it did not end by itself. */
  readonly reason: FailureCode | null;
  readonly sqlstate: string | null;
  readonly database: string | null;
  readonly applicationName: string | null;
  readonly instanceId: string | null;
  readonly durationMs: number | null;
}

export const attemptColumns = columnsOf('a', [
  'id',
  'at',
  'account_id',
  'account',
  'address',
  'certificate_id',
  'key_id',
  'outcome',
  'reason',
  'sqlstate',
  'database',
  'application_name',
  'instance_id',
  'duration_ms',
]);

const longestText = 256;

/** Client text as the store can hold it: no NUL, not endless. */
const storable = (text: string | null): string | null =>
  text === null ? null : text.replaceAll('\0', '').slice(0, longestText);

/** SQLSTATE classes 22 (data exception) and 23 (constraint violation): the row is at fault, and will be for ever. */
const isDataError = (error: unknown): boolean => /^2[23]/.test(sqlstateOf(error) ?? '');

/**
 * Stores the batch but for rows that the store will never take, and returns an error for each of those.
 * @throws whatever else went wrong; then the batch may be sent again
 */
export const appendAttempts = async (store: Queryable, batch: readonly Attempt[]): Promise<unknown[]> => {
  if (batch.length === 0) return [];
  try {
    await insertAttempts(store, batch);
    return [];
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (batch.length === 1) return [error];
    const middle = batch.length >> 1;
    const first = await appendAttempts(store, batch.slice(0, middle));
    return [...first, ...(await appendAttempts(store, batch.slice(middle)))];
  }
};

/** One statement for the whole batch. */
const insertAttempts = async (store: Queryable, batch: readonly Attempt[]): Promise<void> => {
  const values = <T>(pick: (attempt: Attempt) => T): T[] => batch.map(pick);
  await store.query(
    `INSERT INTO postern.attempts (id, at, account_id, account, address, certificate_id, key_id, outcome, reason,
       sqlstate, database, application_name, instance_id, duration_ms)
     SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
       $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::bigint[])
     ON CONFLICT DO NOTHING`,
    [
      values(({ id }) => id),
      values(({ at }) => at),
      values(({ accountId }) => accountId),
      values(({ account }) => storable(account)),
      values(({ address }) => address),
      values(({ certificateId }) => certificateId),
      values(({ keyId }) => keyId),
      values(({ outcome }) => outcome),
      values(({ reason }) => reason),
      values(({ sqlstate }) => sqlstate),
      values(({ database }) => storable(database)),
      values(({ applicationName }) => storable(applicationName)),
      values(({ instanceId }) => instanceId),
      values(({ durationMs }) => durationMs),
    ],
  );
};

export interface AttemptPage {
  readonly limit: number;
  /** The id of the last attempt of the page before; continues with the next older one. */
  readonly before?: string | undefined;
  readonly outcome?: Attempt['outcome'] | undefined;
  readonly reason?: FailureCode | undefined;
  /** As it is shown. */
  readonly address?: string | undefined;
}

/** Of one account, or of all for null; newest first. */
export const listAttempts = async (
  store: Queryable,
  accountId: string | null,
  { limit, before, outcome, reason, address }: AttemptPage,
): Promise<Attempt[]> => {
  const { rows } = await store.query<Attempt>(
    `SELECT ${attemptColumns} FROM postern.attempts a
     WHERE ($1::uuid IS NULL OR a.account_id = $1)
       AND ($2::text IS NULL OR (a.at, a.id) < (SELECT b.at, b.id FROM postern.attempts b
            WHERE b.id = $2 AND ($1::uuid IS NULL OR b.account_id = $1)))
       AND ($4::text IS NULL OR a.outcome = $4)
       AND ($5::text IS NULL OR a.reason = $5)
       AND ($6::text IS NULL OR a.address = $6)
     ORDER BY a.at DESC, a.id DESC LIMIT $3`,
    [accountId, before ?? null, limit, outcome ?? null, reason ?? null, address ?? null],
  );
  return rows;
};

const deletedAtOnce = 5_000;

/**
 * Retention: removes attempts older than `before`, a limited number per transaction, and returns how many.
 * The store keeps the last 24 hours whatever it is asked.
 */
export const deleteAttemptsBefore = async (store: Queryable, before: Date): Promise<number> => {
  let total = 0;
  for (;;) {
    const { rows } = await store.query<{ deleted: number }>(
      'SELECT postern.delete_attempts($1, $2) AS deleted',
      [before, deletedAtOnce],
    );
    const deleted = rows[0]?.deleted ?? 0;
    total += deleted;
    if (deleted < deletedAtOnce) {
      return total;
    }
  }
};
