/**
 * Drops a role of Postern's from the cluster, having taken away whatever it holds in the account's database. What it
 * owns must have found another owner before: whatever is still its own is dropped with it. Runs in the caller's
 * transaction.
 */

import { RequestError } from '../errors.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { joinRole } from './admin.ts';
import { refuseRemaining, remainingRights, takeAwayRights } from './revocation.ts';

/**
 * @throws RequestError when the role has rights that the admin cannot take away, or anything in another database
 */
export async function removeRole(
  tx: Queryable,
  holder: { readonly role: string; readonly owner: string },
): Promise<void> {
  const { role } = holder;
  const name = quoteIdentifier(role);
  await joinRole(tx, role);
  const remaining = await takeAwayRights(tx, holder);
  try {
    // Takes away more than we can name: rights on functions, on databases, default privileges of anybody.
    await tx.query(`DROP OWNED BY ${name}`);
  } catch (error) {
    if (sqlstateOf(error) === '42501') refuseRemaining(role, remaining);
    throw error;
  }
  refuseRemaining(role, await remainingRights(tx, holder));
  await refuseElsewhere(tx, role);
  await tx.query(`DROP ROLE ${name}`);
}

/** Whoever owns another database can give rights there to any role of the cluster; they are out of reach from here. */
async function refuseElsewhere(tx: Queryable, role: string): Promise<void> {
  const { rows } = await tx.query<{ database: string }>(
    `SELECT DISTINCT d.datname::text AS database
       FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.refobjid
      WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = $1 AND d.datname <> current_database()
      ORDER BY 1`,
    [role],
  );
  if (rows.length === 0) return;
  throw new RequestError(
    `The role "${role}" has rights in other databases (${rows.map(({ database }) => database).join(', ')}): run DROP OWNED BY ${quoteIdentifier(role)} there, then try again.`,
  );
}
