/**
 * Whether a role can own an account: whoever holds a master key of the account can do whatever this role can, with
 * the rights of every role that it is a member of. Changes nothing.
 */

import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { asRole } from './admin.ts';
import { isManagedSql } from './managed-role.ts';

interface OwnerFacts {
  /** Roles that a customer must not be able to act as, the owner itself first. */
  readonly powerful: readonly string[];
  readonly grantable: boolean;
  readonly adminUser: string;
}

/** Memberships count even if they are not inherited: SET ROLE is enough, or GRANT for one with ADMIN OPTION. */
const factsText = `
  SELECT ARRAY(
           SELECT r.rolname::text FROM pg_roles r
            WHERE (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
                   -- Who can act as a role can give it a password, and log in with it past Postern, long after.
                   OR r.rolcanlogin
                   -- Of this one every owner of a database is a member, and nobody can be made one.
                   OR r.rolname LIKE 'pg\\_%' AND (r.rolname <> 'pg_database_owner' OR r.oid = o.oid))
              AND pg_has_role(o.oid, r.oid, 'MEMBER')
              -- The owner is a member of its keys' roles; what was done to those is put right with the keys.
              AND NOT ${isManagedSql('r.oid')}
            ORDER BY r.oid <> o.oid, r.rolname) AS powerful,
         pg_has_role(session_user, o.oid, 'MEMBER WITH ADMIN OPTION') AS grantable,
         session_user::text AS "adminUser"
    FROM pg_roles o WHERE o.rolname = $1`;

/**
 * @throws RequestError when the role does not exist, could do more than own things, directly or through another role,
 *   or is not the admin's to act as and to hand out
 */
export async function checkOwner(
  tx: Queryable,
  { name, ownerRole }: { readonly name: string; readonly ownerRole: string },
): Promise<void> {
  const { rows } = await tx.query<OwnerFacts>(factsText, [ownerRole]);
  const [owner] = rows;
  if (owner === undefined) {
    throw new RequestError(
      `The role "${ownerRole}" does not exist on the backend: create it, then the account.`,
    );
  }
  const [powerful] = owner.powerful;
  if (powerful !== undefined) {
    const because = powerful === ownerRole ? '' : ` is a member of "${powerful}" and`;
    throw new RequestError(
      `The role "${ownerRole}"${because} cannot own the account "${name}": its master keys would be superuser, manage roles or databases, replicate, bypass row security, be a predefined role or give a password to one that can log in. Name a plain role without LOGIN.`,
    );
  }
  const admin = quoteIdentifier(owner.adminUser);
  const remedy = `GRANT ${quoteIdentifier(ownerRole)} TO ${admin} WITH ADMIN OPTION`;
  if (!owner.grantable) {
    throw new RequestError(`The admin role ${admin} cannot hand out the role "${ownerRole}": run ${remedy}.`);
  }
  await asRole(tx, ownerRole, async () => undefined);
}
