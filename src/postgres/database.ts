/**
 * A database behind a small pool of connections: what store and provision are given instead of `pg`.
 * A connection on which anything but an ordinary SQL error happened is thrown away; the loss of an idle one is silent,
 * because the next statement opens another.
 */

import pg, { type PoolClient } from 'pg';
import { Client } from './client.ts';
import { type Connection, connect } from './connect.ts';
import { pinNewerSettings } from './newer-settings.ts';
import { type ConnectionOptions, clientConfig } from './options.ts';
import { type Queryable, queryOn, type TransactionMode, transactionOn } from './query.ts';

export interface Database extends Queryable {
  transaction<T>(fn: (transaction: Queryable) => Promise<T>, mode?: TransactionMode): Promise<T>;
  /**
   * Runs `fn` with a connection outside the pool and without time limits, closed afterwards: for locks that
   * are held while other work goes on. From the pool they would leave none for that work.
   */
  connection<T>(fn: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions extends ConnectionOptions {
  /** Connections at most; default 4. */
  readonly maxConnections?: number;
}

const defaultMaxConnections = 4;
const idleTimeoutMs = 30_000;

/** The statement failed and nothing else: the server said so, and does not say that it closes the connection. */
const isStatementError = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && !/^(57P|08)/.test(error.code ?? '08');

/**
 * Opens no connection yet: the first statement does.
 * @throws RequestError for an unusable URL
 */
export const openDatabase = (options: DatabaseOptions): Database => {
  const pool = new pg.Pool({
    ...clientConfig(options),
    Client,
    max: options.maxConnections ?? defaultMaxConnections,
    idleTimeoutMillis: idleTimeoutMs,
    onConnect: pinNewerSettings,
  });
  pool.on('error', () => undefined);
  // While a client is checked out the pool does not listen for its errors, and an unheard one ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  const withClient = async <T>(fn: (client: PoolClient, discard: () => void) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let discarded = false;
    try {
      return await fn(client, () => {
        discarded = true;
      });
    } finally {
      client.release(discarded);
    }
  };

  const { statementTimeoutMs: _, lockTimeoutMs: __, ...unlimited } = options;
  return {
    query: <Row extends object>(text: string, values?: readonly unknown[]) =>
      withClient(async (client, discard) => {
        try {
          return await queryOn<Row>(client, text, values);
        } catch (error) {
          if (!isStatementError(error)) {
            discard();
          }
          throw error;
        }
      }),
    transaction: (fn, mode = 'read-write') =>
      withClient((client, discard) => transactionOn(client, mode, fn, discard)),
    connection: async (fn) => {
      const connection = await connect(unlimited);
      try {
        return await fn(connection);
      } finally {
        await connection.close().catch(() => undefined);
      }
    },
    close: () => pool.end(),
  };
};
