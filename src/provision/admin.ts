/**
 * The admin connection, and its identity while it works: whose rights a statement runs under, and one at a time.
 * Rights are always handed out under the role that owns them, so that PostgreSQL itself refuses what the account
 * does not have, even when the admin is a superuser.
 */

import { RequestError } from '../errors.ts';
import type { Database } from '../postgres/database.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';

/** Admin connections to the account's own database. */
export interface AdminDatabase extends Database {
  /**
   * A transaction while nobody else provisions in this database, or GRANTs fail with "tuple concurrently updated". The
   * lock must not be one of this database's: every session here could hold it.
   */
  alone<T>(fn: (tx: Queryable) => Promise<T>): Promise<T>;
}

/** Runs `work` as `role` inside the transaction, then goes back to the admin; a failure ends the transaction anyway. */
export async function asRole<T>(tx: Queryable, role: string, work: () => Promise<T>): Promise<T> {
  try {
    await tx.query(`SET LOCAL ROLE ${quoteIdentifier(role)}`);
  } catch (error) {
    if (sqlstateOf(error) !== '42501') throw error;
    throw new RequestError(
      `The backend's admin role cannot act as the role "${role}": make it a member of that role.`,
    );
  }
  const result = await work();
  await tx.query('SET LOCAL ROLE NONE');
  return result;
}

/** Runs `work` as the owner of the current database where the admin can act as that role, else as the admin. */
export async function asDatabaseOwner(tx: Queryable, work: () => Promise<unknown>): Promise<void> {
  const { rows } = await tx.query<{ owner: string }>(
    `SELECT pg_get_userbyid(datdba)::text AS owner FROM pg_database
      WHERE datname = current_database() AND pg_has_role(session_user, datdba, 'MEMBER')`,
  );
  const [found] = rows;
  await (found === undefined ? work() : asRole(tx, found.owner, work));
}

/**
 * Makes the admin a member of the role. One who is no superuser may end a role's sessions, and give away or drop what
 * it owns, only as a member that inherits; from PostgreSQL 16 on, creating a role does not make one so.
 */
export async function joinRole(database: Queryable, role: string): Promise<void> {
  const { rows } = await database.query<{ joined: boolean; version: number }>(
    `SELECT pg_has_role(session_user, $1::name, 'USAGE') AS joined,
            current_setting('server_version_num')::int AS version`,
    [role],
  );
  const [admin] = rows;
  if (admin === undefined || admin.joined) return;
  const inheriting = admin.version >= 160_000 ? ' WITH INHERIT TRUE' : '';
  await database.query(`GRANT ${quoteIdentifier(role)} TO SESSION_USER${inheriting}`);
}
