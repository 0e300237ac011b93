/**
 * The estate of an account: a NOLOGIN role that owns what revoked keys have left behind. Functions and views run with
 * the rights of their owner, so they must not become the owner role's, whose rights their maker did not have. The
 * estate can do nothing but look into the schemas where it owns something. The owner role is its member, and so uses,
 * changes and drops the tables as its own.
 */

import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { asRole, joinRole } from './admin.ts';
import { createRole, managedRoleExists } from './managed-role.ts';
import { restoreRole } from './restore.ts';
import { revokeEverything } from './revocation.ts';

interface Placed {
  readonly name: string;
  readonly ownerRole: string;
}

interface Holding {
  /** null: things that are in no schema, such as large objects. */
  readonly schema: string | null;
  /** The owner role can give USAGE, CREATE there. */
  readonly usage: boolean;
  readonly create: boolean;
}

export const estateRoleOf = (account: Pick<Placed, 'name'>): string => `postern_${account.name}_estate`;

/**
 * Everything that the role owns in this database becomes the estate's, which is made if need be. Rights on it stay.
 * @throws RequestError when there is a role of the estate's name that is not Postern's
 */
export async function leaveToEstate(tx: Queryable, account: Placed, role: string): Promise<void> {
  const holdings = await loadHoldings(tx, role, account.ownerRole);
  if (holdings.length === 0) return;
  const estate = estateRoleOf(account);
  if (!(await managedRoleExists(tx, estate, account))) await createRole(tx, estate, account);
  await tx.query(`GRANT ${quoteIdentifier(estate)} TO ${quoteIdentifier(account.ownerRole)}`);
  await joinRole(tx, role);
  await joinRole(tx, estate);
  await grantUsage(tx, account, holdings);
  // Unless the admin is superuser, who is to own a function must be allowed to create it.
  const schemas = schemasOf(holdings.filter(({ create }) => create));
  const asOwner = (sql: string) => asRole(tx, account.ownerRole, () => tx.query(sql));
  if (schemas !== '') await asOwner(`GRANT CREATE ON SCHEMA ${schemas} TO ${quoteIdentifier(estate)}`);
  await tx.query(`REASSIGN OWNED BY ${quoteIdentifier(role)} TO ${quoteIdentifier(estate)}`);
  if (schemas !== '') await asOwner(`REVOKE CREATE ON SCHEMA ${schemas} FROM ${quoteIdentifier(estate)}`);
}

/** Takes from the estate, if there is one, whatever it was given by hand. */
export async function restoreEstate(tx: Queryable, account: Placed): Promise<void> {
  const estate = estateRoleOf(account);
  if (!(await managedRoleExists(tx, estate, account))) return;
  await restoreRole(tx, { role: estate, login: false, memberOf: null, actsAs: null, connectTo: null });
  await revokeEverything(tx, { role: estate, owner: account.ownerRole });
  await grantUsage(tx, account, await loadHoldings(tx, estate, account.ownerRole));
}

export const isEstateEmpty = async (tx: Queryable, account: Placed): Promise<boolean> =>
  (await loadHoldings(tx, estateRoleOf(account), account.ownerRole)).length === 0;

/** Foreign keys between tables of the estate are checked as the estate, which then has to find them by name. */
async function grantUsage(tx: Queryable, account: Placed, holdings: readonly Holding[]): Promise<void> {
  const schemas = schemasOf(holdings.filter(({ usage }) => usage));
  if (schemas === '') return;
  await asRole(tx, account.ownerRole, () =>
    tx.query(`GRANT USAGE ON SCHEMA ${schemas} TO ${quoteIdentifier(estateRoleOf(account))}`),
  );
}

const schemasOf = (holdings: readonly Holding[]): string =>
  holdings.flatMap(({ schema }) => (schema === null ? [] : quoteIdentifier(schema))).join(', ');

/** The schemas in which the role owns something; its own default privileges are no property to leave. */
async function loadHoldings(tx: Queryable, role: string, owner: string): Promise<readonly Holding[]> {
  const { rows } = await tx.query<Holding>(
    `SELECT DISTINCT n.nspname::text AS schema,
            coalesce(has_schema_privilege($2::name, n.oid, 'USAGE WITH GRANT OPTION'), false) AS usage,
            coalesce(has_schema_privilege($2::name, n.oid, 'CREATE WITH GRANT OPTION'), false) AS create
       FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
       LEFT JOIN pg_namespace n ON quote_ident(n.nspname) = (pg_identify_object(s.classid, s.objid, s.objsubid)).schema
      WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND r.rolname = $1
        AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND s.classid <> 'pg_default_acl'::regclass
      ORDER BY 1`,
    [role, owner],
  );
  return rows;
}
