/**
 * LISTEN on a connection of its own. Says once when that connection is lost; connecting again is the caller's
 * business, and so is what was notified in between. Never throws after it has been opened.
 */

import { connectClient } from './connect.ts';
import type { ConnectionOptions } from './options.ts';
import { quoteIdentifier } from './quote.ts';

export interface Notification {
  readonly channel: string;
  readonly payload: string;
}

export interface ListenEvents {
  readonly onNotification: (notification: Notification) => void;
  /** At most once, and not after `close()`. */
  readonly onLost: (error: Error) => void;
}

export interface Listener {
  /** Asks the server for an answer; a connection that the network swallowed is reported to `onLost` by this. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const answerTimeoutMs = 5_000;

/**
 * Opens a connection that listens on `channels`.
 * @throws what `pg` or the socket reported while connecting
 */
export const listen = async (
  options: ConnectionOptions,
  channels: readonly string[],
  { onNotification, onLost }: ListenEvents,
): Promise<Listener> => {
  let over = false;
  const lose = (error: Error): void => {
    if (!over) {
      over = true;
      onLost(error);
    }
  };
  const client = await connectClient({ ...options, statementTimeoutMs: answerTimeoutMs }, lose);
  client.on('end', () => lose(new Error('The server closed the listening connection.')));
  client.on('notification', ({ channel, payload }) => {
    if (!over) {
      onNotification({ channel, payload: payload ?? '' });
    }
  });
  const close = async (): Promise<void> => {
    over = true;
    await client.end().catch(() => undefined);
  };
  try {
    await client.query(channels.map((channel) => `LISTEN ${quoteIdentifier(channel)}`).join('; '));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    check: async () => {
      try {
        await client.query('SELECT 1');
      } catch (error) {
        lose(error as Error);
      }
    },
    close,
  };
};
