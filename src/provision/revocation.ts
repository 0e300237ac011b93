/**
 * Takes away every right on tables, sequences and schemas that a role holds in a database, and its share of default
 * privileges of any kind, whoever granted them. Rights on the role's own things stay, and so do rights on functions,
 * types and the like, of which Postern grants none. Runs in the caller's transaction.
 */

import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { asRole } from './admin.ts';

interface Holder {
  readonly role: string;
  /** The account's owner role, under which rights are given and taken back. */
  readonly owner: string;
}

interface HeldRight {
  readonly kind: 'table' | 'sequence' | 'schema' | 'default';
  readonly schema: string | null;
  readonly object: string | null;
  /** Whose default privileges, on what; null for the other kinds. */
  readonly creator: string | null;
  readonly future: 'TABLES' | 'SEQUENCES' | 'FUNCTIONS' | 'TYPES' | 'SCHEMAS' | 'LARGE OBJECTS' | null;
  /** Who has the rights of whoever granted it, and so can take it back. */
  readonly revoker: 'owner' | 'admin' | 'nobody';
}

/**
 * Takes away what owner and admin can take away.
 * @returns what remains, named for people
 */
export async function takeAwayRights(tx: Queryable, holder: Holder): Promise<readonly string[]> {
  const held = await loadHeldRights(tx, holder);
  if (held.length === 0) return [];
  const takenBackBy = async (revoker: HeldRight['revoker']): Promise<void> => {
    const rights = held.filter((right) => right.revoker === revoker);
    for (const statement of revokeStatements(rights, holder.role)) await tx.query(statement);
  };
  await asRole(tx, holder.owner, () => takenBackBy('owner'));
  await takenBackBy('admin');
  return remainingRights(tx, holder);
}

/** What the role holds now, named for people. */
export const remainingRights = async (tx: Queryable, holder: Holder): Promise<readonly string[]> =>
  (await loadHeldRights(tx, holder)).map(describe);

/** As `takeAwayRights`. @throws RequestError when something remains that neither owner nor admin can take away */
export async function revokeEverything(tx: Queryable, holder: Holder): Promise<void> {
  refuseRemaining(holder.role, await takeAwayRights(tx, holder));
}

/** @throws RequestError unless nothing remains */
export function refuseRemaining(role: string, remaining: readonly string[]): void {
  if (remaining.length === 0) return;
  throw new RequestError(
    `The role "${role}" has rights that were not granted through Postern (${remaining.join(', ')}): revoke them by hand, then try again.`,
  );
}

async function loadHeldRights(tx: Queryable, { role, owner }: Holder): Promise<readonly HeldRight[]> {
  const { rows } = await tx.query<HeldRight>(
    `WITH target AS (SELECT oid FROM pg_roles WHERE rolname = $1),
     held AS (
       SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
              c.relnamespace AS namespace, c.relname AS object, NULL::oid AS creator, NULL AS future, a.grantor
         FROM target, pg_class c, aclexplode(c.relacl) a
        WHERE a.grantee = target.oid AND c.relowner <> target.oid
       UNION ALL
       SELECT 'table', c.relnamespace, c.relname, NULL, NULL, a.grantor
         FROM target, pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
        WHERE t.attacl IS NOT NULL AND a.grantee = target.oid AND c.relowner <> target.oid
       UNION ALL
       SELECT 'schema', n.oid, NULL, NULL, NULL, a.grantor
         FROM target, pg_namespace n, aclexplode(n.nspacl) a
        WHERE a.grantee = target.oid AND n.nspowner <> target.oid
       UNION ALL
       SELECT 'default', nullif(d.defaclnamespace, 0), NULL, d.defaclrole,
              CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                   WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END,
              d.defaclrole
         FROM target, pg_default_acl d, aclexplode(d.defaclacl) a
        WHERE a.grantee = target.oid AND d.defaclrole <> target.oid
     )
     SELECT DISTINCT kind, n.nspname::text AS schema, object::text, pg_get_userbyid(creator)::text AS creator, future,
            CASE WHEN pg_has_role($2::name, grantor, 'USAGE') THEN 'owner'
                 WHEN pg_has_role(session_user, grantor, 'USAGE') THEN 'admin' ELSE 'nobody' END AS revoker
       FROM held LEFT JOIN pg_namespace n ON n.oid = namespace
      ORDER BY kind, schema, object`,
    [role, owner],
  );
  return rows;
}

/** One statement per kind of thing (and per creator and schema for default privileges), however many things there are. */
function revokeStatements(rights: readonly HeldRight[], role: string): readonly string[] {
  const from = `FROM ${quoteIdentifier(role)} CASCADE`;
  const groups = Map.groupBy(rights, ({ kind, creator, future, schema }) =>
    kind === 'default' ? JSON.stringify([creator, future, schema]) : kind,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.map(nameOf).join(', ');
    switch (first.kind) {
      case 'table':
        return [`REVOKE ALL ON TABLE ${names} ${from}`];
      case 'sequence':
        return [`REVOKE ALL ON SEQUENCE ${names} ${from}`];
      case 'schema':
        return [`REVOKE ALL ON SCHEMA ${names} ${from}`];
      case 'default':
        return [`${defaultsOf(first)} REVOKE ALL ON ${first.future} ${from}`];
      default:
        return first.kind satisfies never;
    }
  });
}

const defaultsOf = ({ creator, schema }: HeldRight): string =>
  `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(creator ?? '')}${
    schema === null ? '' : ` IN SCHEMA ${quoteIdentifier(schema)}`
  }`;

const nameOf = ({ schema, object }: HeldRight): string =>
  [schema, object]
    .filter((part) => part !== null)
    .map(quoteIdentifier)
    .join('.');

const describe = (right: HeldRight): string =>
  right.kind === 'default'
    ? `default privileges of ${right.creator} on ${right.future?.toLowerCase()}`
    : `${right.kind} ${nameOf(right)}`;
