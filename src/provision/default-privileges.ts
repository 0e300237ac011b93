/**
 * Rights on tables that do not exist yet: default privileges of everybody who may create in a schema of the account,
 * for everybody who was granted all of it. Runs as the account's owner, who is a member of the creating keys' roles.
 */

import { type Grant, tablePermissions } from '../policy/grants.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { isManagedSql } from './managed-role.ts';

interface Target {
  readonly role: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
}

/** For each schema grant: what owner and creating keys will create there is the role's to use as well. */
export async function applyDefaultPrivileges(tx: Queryable, { role, owner, grants }: Target): Promise<void> {
  const schemaGrants = grants.filter((grant) => grant.kind === 'schema');
  if (schemaGrants.length === 0) return;
  const creators = await loadCreators(
    tx,
    owner,
    schemaGrants.map((grant) => grant.schema),
  );
  for (const { schema, permissions } of schemaGrants) {
    const keys = creators.filter((creator) => creator.schema === schema && creator.role !== role);
    for (const creator of [owner, ...keys.map((key) => key.role)]) {
      await grantFuture(tx, { creator, schema, role, privileges: permissions, on: 'TABLES' });
      if (permissions.includes('insert')) {
        await grantFuture(tx, { creator, schema, role, privileges: ['usage'], on: 'SEQUENCES' });
      }
    }
  }
}

/** For each create grant: who was granted all of that schema before also gets what this role will create there. */
export async function copyDefaultPrivileges(tx: Queryable, { role, owner, grants }: Target): Promise<void> {
  const schemas = grants.filter((grant) => grant.kind === 'create').map((grant) => grant.schema);
  if (schemas.length === 0) return;
  const { rows } = await tx.query<{
    schema: string;
    grantee: string;
    on: 'TABLES' | 'SEQUENCES';
    privileges: string[];
  }>(
    `SELECT n.nspname::text AS schema, g.rolname::text AS grantee,
            CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' ELSE 'SEQUENCES' END AS on,
            array_agg(lower(a.privilege_type) ORDER BY a.privilege_type) AS privileges
       FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
       JOIN pg_roles g ON g.oid = a.grantee
      WHERE pg_get_userbyid(d.defaclrole) = $1 AND n.nspname = ANY ($2) AND d.defaclobjtype IN ('r', 'S')
        AND g.rolname <> $3 AND ${isManagedSql('g.oid')}
        AND lower(a.privilege_type) = ANY ($4)
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [owner, schemas, role, [...tablePermissions, 'usage']],
  );
  for (const { schema, grantee, on, privileges } of rows) {
    await grantFuture(tx, { creator: role, schema, role: grantee, privileges, on });
  }
}

/** Keys of the account that may create in these schemas: the owner is a member of their roles. */
async function loadCreators(
  tx: Queryable,
  owner: string,
  schemas: readonly string[],
): Promise<readonly { readonly schema: string; readonly role: string }[]> {
  const { rows } = await tx.query<{ schema: string; role: string }>(
    `SELECT DISTINCT n.nspname::text AS schema, r.rolname::text AS role
       FROM pg_namespace n, aclexplode(n.nspacl) a
       JOIN pg_roles r ON r.oid = a.grantee
       JOIN pg_auth_members m ON m.roleid = r.oid
      WHERE pg_get_userbyid(m.member) = $1 AND n.nspname = ANY ($2) AND a.privilege_type = 'CREATE'
        AND ${isManagedSql('r.oid')}
      ORDER BY 1, 2`,
    [owner, schemas],
  );
  return rows;
}

async function grantFuture(
  tx: Queryable,
  future: {
    readonly creator: string;
    readonly schema: string;
    readonly role: string;
    readonly privileges: readonly string[];
    readonly on: 'TABLES' | 'SEQUENCES';
  },
): Promise<void> {
  await tx.query(
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(future.creator)} IN SCHEMA ${quoteIdentifier(future.schema)}
     GRANT ${future.privileges.join(', ')} ON ${future.on} TO ${quoteIdentifier(future.role)}`,
  );
}
