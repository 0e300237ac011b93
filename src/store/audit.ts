/**
 * Audit events: every change that control made, each with a hash over the one before it. Whoever alters, removes or
 * inserts an event in the middle breaks the chain from there on. Cutting off the end is not seen by the chain alone:
 * who needs that keeps `AuditVerdict.lastHash` somewhere else.
 */

import { createHash } from 'node:crypto';
import type { Queryable } from '../postgres/query.ts';
import { canonicalJson } from './canonical-json.ts';
import { columnsOf, onlyRow } from './columns.ts';
import { lockClass } from './locks.ts';

/** `before` and `after`: anything JSON can hold, without secrets; null: did not exist. */
export interface NewAuditEvent {
  readonly actor: string;
  /** Noun and verb: `certificate.revoke`. */
  readonly action: string;
  /** What was changed, as people name it: `demo/laptop`. */
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface AuditEvent extends NewAuditEvent {
  readonly number: number;
  readonly id: string;
  readonly at: Date;
  readonly hash: Buffer;
}

export type AuditVerdict =
  | { readonly kind: 'intact'; readonly events: number; readonly lastHash: string | null }
  /** `number`: the first event that does not fit. */
  | { readonly kind: 'broken'; readonly number: number };

const columns = columnsOf('e', [
  'number',
  'id',
  'at',
  'actor',
  'action',
  'target',
  'before',
  'after',
  'hash',
]);
const firstPrevious = Buffer.alloc(32);

const hashOf = (
  previous: Buffer,
  { number, id, at, actor, action, target, before, after }: Omit<AuditEvent, 'hash'>,
): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(
      canonicalJson({ number, id, at, actor, action, target, before: before ?? null, after: after ?? null }),
    )
    .digest();

const json = (value: unknown): string | null =>
  value === null || value === undefined ? null : canonicalJson(value);

/**
 * Appends an event in the transaction of the change that it tells of: both or neither. Others who append wait until
 * that transaction ends, so make it its last statement.
 */
export const appendAudit = async (tx: Queryable, event: NewAuditEvent): Promise<AuditEvent> => {
  await tx.query('SELECT pg_advisory_xact_lock($1, 0)', [lockClass.audit]);
  const { id, at, number, previous } = onlyRow(
    await tx.query<Pick<AuditEvent, 'id' | 'at' | 'number'> & { previous: Buffer | null }>(
      `SELECT gen_random_uuid() AS id, clock_timestamp()::timestamptz(3) AS at,
         COALESCE(last.number, 0) + 1 AS number, last.hash AS previous
       FROM (SELECT) AS one LEFT JOIN
         (SELECT number, hash FROM postern.audit_events ORDER BY number DESC LIMIT 1) AS last ON true`,
    ),
  );
  const appended = { ...event, id, at, number };
  const hash = hashOf(previous ?? firstPrevious, appended);
  await tx.query(
    `INSERT INTO postern.audit_events (number, id, at, actor, action, target, before, after, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [number, id, at, event.actor, event.action, event.target, json(event.before), json(event.after), hash],
  );
  return { ...appended, hash };
};

export interface AuditPage {
  readonly limit: number;
  /** The number of the last event of the page before. */
  readonly before?: number | undefined;
  readonly target?: string | undefined;
  /** What was done to this account and what belongs to it, and not to an earlier one of the same name. */
  readonly account?: { readonly name: string; readonly createdAt: Date } | undefined;
}

/** Newest first. */
export const listAudit = async (
  store: Queryable,
  { limit, before, target, account }: AuditPage,
): Promise<AuditEvent[]> => {
  const { rows } = await store.query<AuditEvent>(
    `SELECT ${columns} FROM postern.audit_events e
     WHERE ($1::bigint IS NULL OR number < $1) AND ($2::text IS NULL OR target = $2)
       AND ($4::text IS NULL OR (target = $4 OR starts_with(target, $4 || '/')) AND at >= $5)
     ORDER BY number DESC LIMIT $3`,
    [before ?? null, target ?? null, limit, account?.name ?? null, account?.createdAt ?? null],
  );
  return rows;
};

const verifiedAtOnce = 1_000;

/** Recomputes the whole chain, in constant memory. */
export const verifyAudit = async (store: Queryable): Promise<AuditVerdict> => {
  let previous: Buffer = firstPrevious;
  let events = 0;
  for (;;) {
    const { rows } = await store.query<AuditEvent>(
      `SELECT ${columns} FROM postern.audit_events e WHERE number > $1 ORDER BY number LIMIT $2`,
      [events, verifiedAtOnce],
    );
    for (const event of rows) {
      if (event.number !== events + 1 || !hashOf(previous, event).equals(event.hash)) {
        return { kind: 'broken', number: events + 1 };
      }
      previous = event.hash;
      events += 1;
    }
    if (rows.length < verifiedAtOnce) {
      return { kind: 'intact', events, lastHash: events === 0 ? null : previous.toString('hex') };
    }
  }
};
