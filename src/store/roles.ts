/**
 * The two group roles of the store, and who may connect to its database. Roles belong to the whole cluster and a
 * database's privileges are not part of its dump, so `migrate` sees to both each time, not once by a migration.
 */

import { RequestError } from '../errors.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';

export const gateRole = 'postern_gate';
export const consoleRole = 'postern_console';

const insufficientPrivilege = '42501';

/** Two stores of one cluster may do this at once: the one that comes second finds the role there. */
const createRoleIfMissing = (role: string): string => `
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$`;

/**
 * Creates the group roles if they are missing and lets only them connect to this database.
 * @throws RequestError when this user may not do so
 */
export const prepareRoles = async (tx: Queryable): Promise<void> => {
  const { rows } = await tx.query<{ database: string; user: string; owns: boolean }>(
    `SELECT current_database() AS database, current_user AS user, pg_has_role(datdba, 'USAGE') AS owns
     FROM pg_database WHERE datname = current_database()`,
  );
  const { database = '', user = '', owns = false } = rows[0] ?? {};
  if (!owns) {
    throw new RequestError(
      `The database user "${user}" does not own the store's database "${database}": migrate as its owner.`,
    );
  }
  try {
    await tx.query(createRoleIfMissing(gateRole));
    await tx.query(createRoleIfMissing(consoleRole));
  } catch (error) {
    if (sqlstateOf(error) === insufficientPrivilege) {
      throw new RequestError(
        `The database user "${user}" may not create roles: create the NOLOGIN roles ${gateRole} and ${consoleRole} first.`,
      );
    }
    throw error;
  }
  await tx.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(database)} FROM PUBLIC`);
  await tx.query(`GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${gateRole}, ${consoleRole}`);
};
