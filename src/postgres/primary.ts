/** Which of several servers of one cluster is the primary: the one that can be written to. */

import { RequestError } from '../errors.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { placeOf, problemAt } from './reachable.ts';

export type ServerRole = 'primary' | 'standby';

/**
 * Asked on a connection of its own: one that is open already may lead to a server that is gone.
 * @throws what `pg` or the socket reported
 */
export const roleOf = (server: Database): Promise<ServerRole> =>
  server.connection(async (connection) => {
    const { rows } = await connection.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    return rows[0]?.standby ? 'standby' : 'primary';
  });

/**
 * The first of the servers that is a primary; the caller closes it.
 * @param what as the sentence begins: `The backend "main"`
 * @param servers how each of them is reached
 * @throws RequestError one sentence that says what was found at each; the last thing that went wrong is its `cause`
 */
export const openPrimary = async (what: string, servers: readonly DatabaseOptions[]): Promise<Database> => {
  const found: string[] = [];
  let cause: unknown;
  for (const options of servers) {
    const server = openDatabase(options);
    try {
      if ((await roleOf(server)) === 'primary') return server;
      found.push(`${placeOf(options.url)} is a standby`);
    } catch (error) {
      found.push(problemAt(options.url, error));
      cause = error;
    }
    await server.close();
  }
  const sentence =
    found.length === 1
      ? `${what} at ${found[0]}${cause === undefined ? ', and roles are created on the primary' : ''}.`
      : `${what} has no primary among its hosts: ${found.join('; ')}.`;
  throw new RequestError(sentence, { cause });
};
