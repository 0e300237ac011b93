/**
 * One connection that belongs to whoever opened it: for session-level locks, LISTEN, migrations, and for
 * work on a backend. Losing it makes its next statement fail; it never crashes the process.
 */

import { Client } from './client.ts';
import { pinNewerSettings } from './newer-settings.ts';
import { type ConnectionOptions, clientConfig } from './options.ts';
import { type Queryable, queryable, type TransactionMode, transactionOn } from './query.ts';

export interface Connection extends Queryable {
  transaction<T>(fn: (transaction: Queryable) => Promise<T>, mode?: TransactionMode): Promise<T>;
  close(): Promise<void>;
}

/** A connected `pg` client whose loss while idle is an event for `onLost`, not an uncaught error. */
export const connectClient = async (
  options: ConnectionOptions,
  onLost: (error: Error) => void = () => undefined,
): Promise<Client> => {
  const client = new Client(clientConfig(options));
  client.on('error', onLost);
  try {
    await client.connect();
    await pinNewerSettings(client);
    return client;
  } catch (error) {
    // A server that refuses a login closes; one that is none may not, and `pg` leaves the socket to it.
    void client.end().catch(() => undefined);
    throw error;
  }
};

/**
 * Opens a connection.
 * @throws RequestError for an unusable URL; otherwise what `pg` or the socket reported
 */
export const connect = async (options: ConnectionOptions): Promise<Connection> => {
  const client = await connectClient(options);
  return {
    ...queryable(client),
    transaction: (fn, mode = 'read-write') => transactionOn(client, mode, fn),
    close: () => client.end(),
  };
};
