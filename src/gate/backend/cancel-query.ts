/** Asks a backend to cancel what a session runs (PostgreSQL manual, "Canceling Requests in Progress"). */

import { buildCancelRequest } from '../../wire/frontend-messages.ts';
import type { CancelKey } from '../instance.ts';
import { type BackendHost, dial } from './dial.ts';

/** How long a backend may take over a cancel request; afterwards it has either come through or never will. */
const patienceMs = 10_000;

/**
 * Resolves when the backend has closed the connection, that is, after it has signalled the query, so that a late
 * cancel cannot hit the next one. Never rejects: a backend that cannot be reached runs nothing for us to cancel.
 * @param address of the very server that the session is on: the host's name may lead to another one by now
 */
export const cancelQuery = async (
  host: BackendHost,
  address: string | undefined,
  key: CancelKey,
): Promise<void> => {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const { socket } = await dial(host, signal, address);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    socket.once('close', resolve);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    socket.resume();
    socket.end(buildCancelRequest(key.processId, key.secret));
    await closed;
  } catch {
    return;
  }
};
