/**
 * A listening connection that is there again whenever it can be: connects, waits until it is lost, connects again
 * with backoff. What was notified while it was away is lost; `onUp` is the moment to look for it.
 */

import type { ListenEvents, Listener } from '../postgres/listen.ts';
import { backoffMs, pause } from './pause.ts';

/** Opens a connection that listens on the given channels, see `postgres/listen.ts`. */
export type ConnectListener = (channels: readonly string[], events: ListenEvents) => Promise<Listener>;

interface ListeningOptions {
  readonly connectListener: ConnectListener;
  readonly channels: readonly string[];
  readonly onNotification: ListenEvents['onNotification'];
  readonly onUp: () => void;
  readonly onDown: (error: unknown) => void;
  /** How often to ask whether the connection still answers; the network may have swallowed it silently. */
  readonly checkIntervalMs: number;
  readonly stopped: AbortSignal;
}

/** Resolves when `stopped` is aborted and the connection is closed; never rejects. */
export const keepListening = async (options: ListeningOptions): Promise<void> => {
  const { connectListener, channels, onNotification, onUp, onDown, checkIntervalMs, stopped } = options;
  for (let failures = 0; !stopped.aborted; ) {
    const lost = new AbortController();
    try {
      const listener = await connectListener(channels, {
        onNotification,
        onLost: (error) => lost.abort(error),
      });
      failures = 0;
      onUp();
      while (!lost.signal.aborted && !stopped.aborted) {
        await pause(checkIntervalMs, lost.signal, stopped);
        await listener.check();
      }
      await listener.close();
      lost.signal.throwIfAborted();
    } catch (error) {
      failures += 1;
      onDown(error);
      await pause(backoffMs(failures), stopped);
    }
  }
};
