/**
 * Opens databases for commands and makes sure that they answer, so that whoever mistyped a host or a password gets
 * one sentence with the place and the reason. Never shows a password.
 */

import { messageOf, RequestError } from '../errors.ts';
import { placeText } from '../place.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { sqlstateOf } from './errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  ETIMEDOUT: 'there was no answer in time',
  EHOSTUNREACH: 'there is no way to the host',
  ENOENT: 'there is no such socket',
};

const codeOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return String((first as NodeJS.ErrnoException | undefined)?.code);
};

/** `127.0.0.1:5432` */
export const placeOf = (url: string): string => {
  const { hostname, port, searchParams } = new URL(url);
  return placeText({
    host: searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 5432),
  });
};

/** `127.0.0.1:5432 cannot be reached: the connection was refused` */
export const problemAt = (url: string, error: unknown): string => {
  const reason = reasons[codeOf(error)] ?? messageOf(error).replace(/\.$/, '');
  const outcome = sqlstateOf(error) === undefined ? 'cannot be reached' : 'does not let Postern in';
  return `${placeOf(url)} ${outcome}: ${reason}`;
};

/**
 * A database that has answered once; the caller closes it.
 * @param what as the sentence begins: `The store`, `The backend "main"`
 * @throws RequestError when the URL is unusable or the database does not answer; what it answered is the `cause`
 */
export const openReachable = async (what: string, options: DatabaseOptions): Promise<Database> => {
  const database = openDatabase({ connectTimeoutMs: 5_000, ...options });
  try {
    // Not from the pool, which does not close what a server refused.
    await database.connection((connection) => connection.query('SELECT 1'));
    return database;
  } catch (error) {
    await database.close();
    throw new RequestError(`${what} at ${problemAt(options.url, error)}.`, { cause: error });
  }
};
