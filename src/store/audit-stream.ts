/**
 * Audit events for the logs of running instances: each event goes to one of them. Whoever takes events has the stream's
 * row locked until it has written them, and the row says how far it came. So an event is written twice only when an
 * instance dies, or loses the store, right after writing it; and none is left out, also not while nobody was running.
 */

import type { Database } from '../postgres/database.ts';
import type { AuditEvent } from './audit.ts';

/** What of an event stands in the log; what was changed stays in the store. */
export type StreamedAuditEvent = Pick<
  AuditEvent,
  'number' | 'id' | 'at' | 'actor' | 'action' | 'target' | 'hash'
>;

const atOnce = 500;

/**
 * Hands events over that nobody has written yet, in order; does nothing when another instance is at it.
 * @param write is done when it returns
 * @returns whether there may be more
 */
export const streamAudit = async (
  store: Pick<Database, 'query' | 'transaction'>,
  write: (event: StreamedAuditEvent) => void,
): Promise<boolean> => {
  const { rows: behind } = await store.query(
    'SELECT FROM postern.audit_stream WHERE EXISTS (SELECT FROM postern.audit_events WHERE number > written)',
  );
  if (behind.length === 0) return false;
  return store.transaction(async (tx) => {
    const { rows: events } = await tx.query<StreamedAuditEvent>(
      'SELECT number, id, at, actor, action, target, hash FROM postern.take_audit_events($1)',
      [atOnce],
    );
    for (const event of events) write(event);
    return events.length === atOnce;
  });
};
