/**
 * Live sessions: which there are, and ending one. The session lives in some gate's memory; the store's mirror tells
 * of it and an order reaches that gate.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { RequestError } from '../errors.ts';
import { appendAudit } from '../store/audit.ts';
import { sendOrder } from '../store/orders.ts';
import { type ListedSession, listSessions as listMirrored } from '../store/sessions.ts';
import type { StoreContext } from './context.ts';
import { existingAccount } from './existing.ts';

/** How often `endSession` looks whether the session is gone. */
const lookEveryMs = 100;

/** Of one account, or of all for null; longest first. @throws RequestError when there is no such account */
export async function listSessions(
  { store }: Pick<StoreContext, 'store'>,
  accountName: string | null,
): Promise<ListedSession[]> {
  return listMirrored(store, accountName === null ? null : (await existingAccount(store, accountName)).id);
}

export interface EndedSession {
  /** As it was before. */
  readonly session: ListedSession;
  /** false: it was told to end, and was still there when the time was over. */
  readonly gone: boolean;
}

/**
 * Orders the gate that holds the session to end it, and waits until it has. Gates tell the store every second what they
 * hold.
 * @throws RequestError when there is no such session
 */
export async function endSession(context: StoreContext, id: string, withinMs: number): Promise<EndedSession> {
  const session = await orderSessionEnd(context, id);
  const deadline = performance.now() + withinMs;
  for (;;) {
    const live = await listMirrored(context.store, session.accountId);
    if (!live.some((each) => each.id === id)) return { session, gone: true };
    if (performance.now() >= deadline) return { session, gone: false };
    await delay(lookEveryMs);
  }
}

async function orderSessionEnd({ store, actor }: StoreContext, id: string): Promise<ListedSession> {
  const session = (await listMirrored(store, null)).find((each) => each.id === id);
  if (session === undefined) {
    throw new RequestError(
      `There is no session ${JSON.stringify(id)}: \`postern session list\` shows all; perhaps it has just ended.`,
    );
  }
  await store.transaction(async (tx) => {
    await sendOrder(tx, { kind: 'end-session', session: id, actor });
    await appendAudit(tx, {
      actor,
      action: 'session.end',
      target: `${session.account}/${id}`,
      before: session,
      after: null,
    });
  });
  return session;
}
