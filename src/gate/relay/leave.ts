/**
 * Leaving a backend: goodbye, and nothing runs on. Whether it has work is only estimated (frames.ts), and a client can
 * falsify that estimate; so an idle backend is spared the first cancel request, but not the wait for its close.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buildTerminate } from '../../wire/frontend-messages.ts';

/** How long a backend may take to close after the goodbye, and to come to it before the next cancel request. */
const leaveGraceMs = 5_000;
const cancelAgainMs = 200;
const nothing = Buffer.alloc(0);

export interface Leaving {
  /** The backend seems to wait for the client. */
  readonly idle: boolean;
  /** The client's last message went over whole. */
  readonly betweenMessages: boolean;
  /** Resolves when the backend has dealt with the request; never rejects. */
  readonly cancelQuery: () => Promise<void>;
}

/**
 * Says goodbye and cancels what still runs. One cancel stops one query, and the client may have sent many ahead of
 * the goodbye: so again, until the backend is there. One that does not close by itself is closed.
 */
export const leaveBackend = async (
  backend: Socket,
  { idle, betweenMessages, cancelQuery }: Leaving,
): Promise<void> => {
  if (backend.closed) return;
  backend.resume();
  // In the middle of a message the goodbye's bytes would complete it, and the backend would run it.
  if (backend.writable) backend.end(betweenMessages ? buildTerminate() : nothing);
  if (idle) await closedWithin(backend, cancelAgainMs);
  const giveUpAtMs = performance.now() + leaveGraceMs;
  while (!backend.closed && performance.now() < giveUpAtMs) {
    await cancelQuery();
    await closedWithin(backend, cancelAgainMs);
  }
  if (backend.closed) return;
  backend.destroy();
  await cancelQuery();
};

const closedWithin = async (socket: Socket, timeoutMs: number): Promise<void> => {
  if (socket.closed) return;
  await once(socket, 'close', { signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined);
};
