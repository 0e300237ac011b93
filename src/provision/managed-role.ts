/**
 * How Postern knows its own roles on a backend: by a comment on the role. A role without the comment belongs to
 * somebody else, whatever it is called, and must never be changed or dropped.
 */

import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier, quoteLiteral } from '../postgres/quote.ts';

const markOf = (account: { readonly name: string }): string =>
  `Managed by Postern for the account "${account.name}"; change it there.`;

/** For WHERE clauses over `pg_roles`: is the role with this oid expression one of Postern's? */
export const isManagedSql = (oid: string): string =>
  `coalesce(shobj_description(${oid}, 'pg_authid'), '') LIKE 'Managed by Postern for the account %'`;

/** Says on the role that it is Postern's and which account's. */
const markRole = async (tx: Queryable, role: string, account: { readonly name: string }): Promise<void> => {
  await tx.query(`COMMENT ON ROLE ${quoteIdentifier(role)} IS ${quoteLiteral(markOf(account))}`);
};

/** A new role of Postern's, without any right, as which nobody can log in yet. */
export const createRole = async (
  tx: Queryable,
  role: string,
  account: { readonly name: string },
): Promise<void> => {
  await tx.query(
    `CREATE ROLE ${quoteIdentifier(role)} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`,
  );
  await markRole(tx, role, account);
};

/** @throws RequestError when the role exists but is not Postern's, or is another account's */
export async function managedRoleExists(
  tx: Queryable,
  role: string,
  account: { readonly name: string },
): Promise<boolean> {
  const { rows } = await tx.query<{ comment: string | null }>(
    `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1`,
    [role],
  );
  const [found] = rows;
  if (found === undefined) return false;
  if (found.comment !== markOf(account)) {
    throw new RequestError(
      `The role "${role}" exists on the backend and is not Postern's for the account "${account.name}": rename or drop it.`,
    );
  }
  return true;
}
