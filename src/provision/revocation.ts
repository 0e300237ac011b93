/**
 * Takes away every right on tables, sequences and schemas that a role holds in a database, and its share of default
 * privileges, whoever granted them. Rights on the role's own tables stay. Runs in the caller's transaction.
 */

import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { asRole } from './admin.ts';

interface HeldRight {
  readonly kind: 'table' | 'sequence' | 'schema' | 'default tables' | 'default sequences' | 'default other';
  readonly schema: string | null;
  readonly object: string | null;
  /** Whose default privileges; null for the other kinds. */
  readonly creator: string | null;
  /** The account's owner can take it back, having the rights of whoever granted it. */
  readonly asOwner: boolean;
}

/**
 * @throws RequestError when something remains that neither the owner nor the admin can take away
 */
export async function revokeEverything(
  tx: Queryable,
  { role, owner }: { readonly role: string; readonly owner: string },
): Promise<void> {
  const held = await loadHeldRights(tx, role, owner);
  if (held.length === 0) return;
  const statementsFor = (asOwner: boolean) =>
    revokeStatements(
      held.filter((right) => right.asOwner === asOwner),
      role,
    );
  await asRole(tx, owner, async () => {
    for (const statement of statementsFor(true)) await tx.query(statement);
  });
  for (const statement of statementsFor(false)) await tx.query(statement);
  const left = await loadHeldRights(tx, role, owner);
  if (left.length > 0) {
    throw new RequestError(
      `The role "${role}" has rights that were not granted through Postern (${left.map(describe).join(', ')}): revoke them by hand, then try again.`,
    );
  }
}

async function loadHeldRights(tx: Queryable, role: string, owner: string): Promise<readonly HeldRight[]> {
  const { rows } = await tx.query<HeldRight>(
    `WITH target AS (SELECT oid FROM pg_roles WHERE rolname = $1),
     held AS (
       SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
              c.relnamespace AS namespace, c.relname AS object, NULL::oid AS creator, a.grantor
         FROM target, pg_class c, aclexplode(c.relacl) a
        WHERE a.grantee = target.oid AND c.relowner <> target.oid
       UNION ALL
       SELECT 'table', c.relnamespace, c.relname, NULL, a.grantor
         FROM target, pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
        WHERE t.attacl IS NOT NULL AND a.grantee = target.oid AND c.relowner <> target.oid
       UNION ALL
       SELECT 'schema', n.oid, NULL, NULL, a.grantor
         FROM target, pg_namespace n, aclexplode(n.nspacl) a
        WHERE a.grantee = target.oid AND n.nspowner <> target.oid
       UNION ALL
       SELECT CASE d.defaclobjtype WHEN 'r' THEN 'default tables' WHEN 'S' THEN 'default sequences'
                                   ELSE 'default other' END,
              nullif(d.defaclnamespace, 0), NULL, d.defaclrole, d.defaclrole
         FROM target, pg_default_acl d, aclexplode(d.defaclacl) a
        WHERE a.grantee = target.oid AND d.defaclrole <> target.oid
     )
     SELECT DISTINCT kind, n.nspname::text AS schema, object::text, pg_get_userbyid(creator)::text AS creator,
            pg_has_role($2::name, grantor, 'USAGE') AS "asOwner"
       FROM held LEFT JOIN pg_namespace n ON n.oid = namespace
      ORDER BY kind, schema, object`,
    [role, owner],
  );
  return rows;
}

/** One statement per kind of thing (and per creator and schema for default privileges), however many things there are. */
function revokeStatements(rights: readonly HeldRight[], role: string): readonly string[] {
  const from = `FROM ${quoteIdentifier(role)} CASCADE`;
  const groups = Map.groupBy(rights, ({ kind, creator, schema }) =>
    creator === null ? kind : JSON.stringify([kind, creator, schema]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.map(nameOf).join(', ');
    const defaults =
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(first.creator ?? '')}` +
      (first.schema === null ? '' : ` IN SCHEMA ${quoteIdentifier(first.schema)}`);
    switch (first.kind) {
      case 'table':
        return [`REVOKE ALL ON TABLE ${names} ${from}`];
      case 'sequence':
        return [`REVOKE ALL ON SEQUENCE ${names} ${from}`];
      case 'schema':
        return [`REVOKE ALL ON SCHEMA ${names} ${from}`];
      case 'default tables':
        return [`${defaults} REVOKE ALL ON TABLES ${from}`];
      case 'default sequences':
        return [`${defaults} REVOKE ALL ON SEQUENCES ${from}`];
      case 'default other':
        return [];
      default:
        return first.kind satisfies never;
    }
  });
}

const nameOf = ({ schema, object }: HeldRight): string =>
  [schema, object]
    .filter((part) => part !== null)
    .map(quoteIdentifier)
    .join('.');

const describe = (right: HeldRight): string =>
  right.creator === null ? `${right.kind} ${nameOf(right)}` : `${right.kind} of ${right.creator}`;
