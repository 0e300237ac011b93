/**
 * Advisory locks of the store's database, which serialise what crosses transactions or even databases.
 * A key's lock is held by a connection of its own and by no open transaction, so that long work on a backend keeps
 * neither a transaction nor a place in the pool; whoever crashes releases it with the connection.
 */

import { RequestError } from '../errors.ts';
import type { Database } from '../postgres/database.ts';
import { sqlstateOf } from '../postgres/errors.ts';

/** First half of each lock's number; the second says which one of its class. */
export const lockClass = {
  migrate: 0x706f_7301,
  audit: 0x706f_7302,
  key: 0x706f_7303,
  rotation: 0x706f_7304,
  backend: 0x706f_7305,
} as const;

const lockNotAvailable = '55P03';
const lockTimeoutMs = 15_000;

/** @param busy what is told when somebody else does not release it in time */
const withLock = <T>(
  database: Pick<Database, 'connection'>,
  lock: { readonly sql: string; readonly values: readonly unknown[] },
  busy: string,
  fn: () => Promise<T>,
): Promise<T> =>
  database.connection(async (connection) => {
    await connection.query(`SET lock_timeout = ${lockTimeoutMs}`);
    try {
      await connection.query(`SELECT pg_advisory_lock(${lock.sql})`, lock.values);
    } catch (error) {
      if (sqlstateOf(error) === lockNotAvailable) throw new RequestError(busy);
      throw error;
    }
    return fn();
  });

/**
 * Runs `fn` while nobody else, on any instance, holds the lock of this API key.
 * @throws RequestError when another change of the key does not finish in time
 */
export const withKeyLock = <T>(
  database: Pick<Database, 'connection'>,
  keyId: string,
  fn: () => Promise<T>,
): Promise<T> =>
  withLock(
    database,
    { sql: '$1, hashtext($2)', values: [lockClass.key, keyId] },
    'Another change of this API key is still under way: try again in a moment.',
    fn,
  );

/**
 * Runs `fn` while nobody else rotates the same. A killed one's lock goes with its connection.
 * @throws RequestError when another rotation does not finish in time
 */
export const withRotationLock = <T>(
  database: Pick<Database, 'connection'>,
  what: 'CAs' | 'role passwords',
  fn: () => Promise<T>,
): Promise<T> =>
  withLock(
    database,
    { sql: '$1, hashtext($2)', values: [lockClass.rotation, what] },
    `Another rotation of ${what} is still under way: try again when it has ended.`,
    fn,
  );

/**
 * Runs `fn` while nobody else, on any instance, provisions in this database of a backend.
 * @throws RequestError when other work there does not finish in time
 */
export const withBackendLock = <T>(
  database: Pick<Database, 'connection'>,
  place: { readonly backend: string; readonly database: string },
  fn: () => Promise<T>,
): Promise<T> =>
  withLock(
    database,
    { sql: '$1, hashtext($2)', values: [lockClass.backend, JSON.stringify([place.backend, place.database])] },
    `Other work in the database "${place.database}" is still under way: try again in a moment.`,
    fn,
  );

/** As `withKeyLock`, but does nothing and returns false when somebody else holds the lock. */
export const tryKeyLock = (
  database: Pick<Database, 'connection'>,
  keyId: string,
  fn: () => Promise<void>,
): Promise<boolean> =>
  database.connection(async (connection) => {
    const { rows } = await connection.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1, hashtext($2)) AS locked',
      [lockClass.key, keyId],
    );
    if (rows[0]?.locked !== true) {
      return false;
    }
    await fn();
    return true;
  });
