/**
 * Grants on a backend. `applyGrants` makes a role hold exactly the given grants, in the caller's transaction and under
 * the account's owner role: PostgreSQL itself enforces that an account can only grant what it has.
 *
 * "All in a schema" is what exists now plus default privileges for what the owner, and every key that may create
 * there, will create. Those keys' own tables become the account's through the owner's membership in their roles.
 */

import { RequestError } from '../errors.ts';
import { formatGrant, type Grant, type TablePermission } from '../policy/grants.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { asRole } from './admin.ts';
import { applyDefaultPrivileges, copyDefaultPrivileges } from './default-privileges.ts';
import { grantExtensions } from './extensions.ts';
import { type GrantableSchema, loadSchemas } from './grantable.ts';
import { revokeEverything } from './revocation.ts';

export interface GrantTarget {
  /** Who gets the grants. */
  readonly role: string;
  /** The account's owner role, under which they are given. */
  readonly owner: string;
  readonly grants: readonly Grant[];
}

interface TableRight {
  readonly schema: string;
  readonly table: string;
  readonly permissions: readonly TablePermission[];
}

/**
 * Replaces everything the role holds by these grants.
 * @throws RequestError naming every schema and table that is unknown or that the account cannot grant
 */
export async function applyGrants(tx: Queryable, target: GrantTarget): Promise<void> {
  const { role, owner, grants } = target;
  const schemas = await checkGrants(tx, target);
  await revokeEverything(tx, target);
  if (grants.length === 0) return;

  const rights = tableRights(grants, schemas);
  const creates = grants.filter((grant) => grant.kind === 'create');
  // The owner thereby has every right on the tables that this key creates, and can grant them on.
  if (creates.length > 0) await tx.query(`GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(owner)}`);
  await asRole(tx, owner, async () => {
    await grantSchemas(tx, role, grants, schemas);
    await grantExtensions(tx, target);
    await grantTables(tx, role, rights);
    await grantSequences(tx, target, rights);
    await applyDefaultPrivileges(tx, target);
    await copyDefaultPrivileges(tx, target);
  });
}

/**
 * Whether the account can grant all this, without changing anything.
 * @returns the schemas that the grants name
 * @throws RequestError naming everything that it cannot
 */
export async function checkGrants(
  tx: Queryable,
  { owner, grants }: Omit<GrantTarget, 'role'>,
): Promise<ReadonlyMap<string, GrantableSchema>> {
  const names = [...new Set(grants.map((grant) => grant.schema))];
  const found = names.length === 0 ? [] : await loadSchemas(tx, owner, names);
  const schemas = new Map(found.map((schema) => [schema.name, schema]));
  const problems = grants.flatMap((grant) => {
    const problem = problemOf(grant, schemas.get(grant.schema));
    return problem === null ? [] : [`"${formatGrant(grant)}": ${problem}`];
  });
  if (problems.length > 0) {
    throw new RequestError(`The account cannot grant what it does not have: ${problems.join('; ')}.`);
  }
  return schemas;
}

function problemOf(grant: Grant, schema: GrantableSchema | undefined): string | null {
  const quoted = quoteIdentifier(grant.schema);
  if (schema === undefined) return `the schema ${quoted} does not exist`;
  if (grant.kind === 'create') {
    return schema.create && schema.usage ? null : `the schema ${quoted} does not belong to the account`;
  }
  if (!schema.usage) return `the schema ${quoted} does not belong to the account`;
  if (grant.kind === 'schema') {
    const any = schema.usageGrantable || schema.tables.some((table) => table.permissions.length > 0);
    return any ? null : `the schema ${quoted} does not belong to the account and has no table that does`;
  }
  const name = `${quoted}.${quoteIdentifier(grant.table)}`;
  const table = schema.tables.find((each) => each.name === grant.table);
  if (table === undefined) return `the table ${name} does not exist`;
  const missing = grant.permissions.filter((permission) => !table.permissions.includes(permission));
  if (missing.length === 0) return null;
  return table.permissions.length === 0
    ? `the table ${name} does not belong to the account`
    : `the account itself may not grant ${missing.join(', ')} on ${name}`;
}

/** Table grants as they are, and schema grants as one right per present table, as far as the account can give it. */
function tableRights(
  grants: readonly Grant[],
  schemas: ReadonlyMap<string, GrantableSchema>,
): readonly TableRight[] {
  return grants.flatMap((grant): readonly TableRight[] => {
    switch (grant.kind) {
      case 'create':
        return [];
      case 'table':
        return [grant];
      case 'schema':
        return (schemas.get(grant.schema)?.tables ?? []).map((table) => ({
          schema: grant.schema,
          table: table.name,
          permissions: grant.permissions.filter((permission) => table.permissions.includes(permission)),
        }));
      default:
        return grant satisfies never;
    }
  });
}

async function grantSchemas(
  tx: Queryable,
  role: string,
  grants: readonly Grant[],
  schemas: ReadonlyMap<string, GrantableSchema>,
): Promise<void> {
  for (const [name, { usageGrantable }] of schemas) {
    const create = grants.some((grant) => grant.kind === 'create' && grant.schema === name);
    // Where the owner cannot grant USAGE everybody has it: `checkGrants` made sure.
    const privileges = [...(usageGrantable ? ['USAGE'] : []), ...(create ? ['CREATE'] : [])];
    if (privileges.length > 0) {
      await tx.query(
        `GRANT ${privileges.join(', ')} ON SCHEMA ${quoteIdentifier(name)} TO ${quoteIdentifier(role)}`,
      );
    }
  }
}

/** One statement per set of permissions, however many tables a schema has. */
async function grantTables(tx: Queryable, role: string, rights: readonly TableRight[]): Promise<void> {
  const effective = rights.filter(({ permissions }) => permissions.length > 0);
  for (const [permissions, group] of Map.groupBy(effective, (right) => right.permissions.join(', '))) {
    const tables = group.map(({ schema, table }) => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`);
    await tx.query(`GRANT ${permissions} ON TABLE ${tables.join(', ')} TO ${quoteIdentifier(role)}`);
  }
}

/**
 * INSERT needs USAGE on the sequences that column defaults draw from (serial and the like); identity columns need
 * nothing. Sequences that the account cannot grant are left out: the INSERT then fails by naming them.
 */
async function grantSequences(
  tx: Queryable,
  { role, owner }: GrantTarget,
  rights: readonly TableRight[],
): Promise<void> {
  const inserts = rights.filter(({ permissions }) => permissions.includes('insert'));
  if (inserts.length === 0) return;
  const { rows } = await tx.query<{ schema: string; sequence: string }>(
    `SELECT DISTINCT sn.nspname::text AS schema, s.relname::text AS sequence
       FROM unnest($2::text[], $3::text[]) AS wanted (schema_name, table_name)
       JOIN pg_namespace tn ON tn.nspname = wanted.schema_name
       JOIN pg_class t ON t.relnamespace = tn.oid AND t.relname = wanted.table_name
       JOIN pg_attrdef d ON d.adrelid = t.oid
       JOIN pg_depend u ON u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid AND u.refclassid = 'pg_class'::regclass
       JOIN pg_class s ON s.oid = u.refobjid
       JOIN pg_namespace sn ON sn.oid = s.relnamespace
      -- CASE, because the planner may ask about the table itself, which is an error, before it looks at relkind.
      WHERE CASE s.relkind WHEN 'S' THEN has_sequence_privilege($1::name, s.oid, 'USAGE WITH GRANT OPTION') END
      ORDER BY 1, 2`,
    [owner, inserts.map(({ schema }) => schema), inserts.map(({ table }) => table)],
  );
  if (rows.length === 0) return;
  const sequences = rows.map(
    ({ schema, sequence }) => `${quoteIdentifier(schema)}.${quoteIdentifier(sequence)}`,
  );
  await tx.query(`GRANT USAGE ON SEQUENCE ${sequences.join(', ')} TO ${quoteIdentifier(role)}`);
}
