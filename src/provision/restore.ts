/**
 * A role of Postern's as Postern made it, whatever was done to it on the backend since: by itself (a role may change its
 * own password and settings), by the account's owner (who may give rights on the database) or by an administrator.
 * Puts back attributes, memberships, settings and rights on databases; rights on what is in a database are
 * `revocation.ts`' business. Two things stay: a CONNECTION LIMIT, and settings that only a superuser can set when the
 * admin is none. Changes nothing that is as it should be. Runs in the caller's transaction.
 */

import { RequestError } from '../errors.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier, quoteLiteral } from '../postgres/quote.ts';
import { asRole } from './admin.ts';

export interface WantedRole {
  readonly role: string;
  readonly login: boolean;
  /** The one role that it is a member of; null: none. */
  readonly memberOf: string | null;
  /** Which role its sessions work as; null: itself. */
  readonly actsAs: string | null;
  /** The database on which it has CONNECT by itself; null: none. */
  readonly connectTo: string | null;
}

/**
 * @throws RequestError with the statement that a superuser has to run when the admin cannot put something right
 */
export async function restoreRole(tx: Queryable, wanted: WantedRole): Promise<void> {
  await restoreAttributes(tx, wanted);
  await restoreMemberships(tx, wanted);
  await restoreSettings(tx, wanted);
  await restoreDatabaseRights(tx, wanted);
}

/** Each attribute is named only if it differs: a CREATEROLE admin may not even name some of them. */
async function restoreAttributes(tx: Queryable, { role, login }: WantedRole): Promise<void> {
  const { rows } = await tx.query<{ changes: readonly string[] }>(
    `SELECT array_remove(ARRAY[
              CASE WHEN rolcanlogin <> $2 THEN CASE WHEN $2 THEN 'LOGIN' ELSE 'NOLOGIN' END END,
              CASE WHEN rolsuper THEN 'NOSUPERUSER' END,
              CASE WHEN rolcreatedb THEN 'NOCREATEDB' END,
              CASE WHEN rolcreaterole THEN 'NOCREATEROLE' END,
              CASE WHEN rolreplication THEN 'NOREPLICATION' END,
              CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END,
              CASE WHEN NOT rolinherit THEN 'INHERIT' END,
              CASE WHEN rolvaliduntil <> 'infinity' THEN $v$VALID UNTIL 'infinity'$v$ END], NULL) AS changes
       FROM pg_roles WHERE rolname = $1`,
    [role, login],
  );
  const changes = rows[0]?.changes ?? [];
  if (changes.length > 0)
    await takeAway(tx, role, `ALTER ROLE ${quoteIdentifier(role)} ${changes.join(' ')}`);
}

async function restoreMemberships(tx: Queryable, { role, memberOf }: WantedRole): Promise<void> {
  const { rows } = await tx.query<{ group: string; grantor: string | null; plain: boolean }>(
    // Only from PostgreSQL 16 on a membership has the last two options, and may be there once per grantor.
    `SELECT g.rolname::text AS group, by.rolname::text AS grantor,
            NOT m.admin_option AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
              AND coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) AS plain
       FROM pg_auth_members m JOIN pg_roles me ON me.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
       LEFT JOIN pg_roles by ON by.oid = m.grantor
      WHERE me.rolname = $1 ORDER BY 1, 2`,
    [role],
  );
  const isWanted = ({ group, plain }: (typeof rows)[number]) => group === memberOf && plain;
  for (const { group, grantor } of rows.filter((row) => !isWanted(row))) {
    const by = grantor === null ? '' : ` GRANTED BY ${quoteIdentifier(grantor)}`;
    await takeAway(tx, role, `REVOKE ${quoteIdentifier(group)} FROM ${quoteIdentifier(role)}${by} CASCADE`);
  }
  if (memberOf === null || rows.some(isWanted)) return;
  await tx.query(`GRANT ${quoteIdentifier(memberOf)} TO ${quoteIdentifier(role)}`);
}

async function restoreSettings(tx: Queryable, { role, actsAs }: WantedRole): Promise<void> {
  const { rows } = await tx.query<{ database: string | null; asWanted: boolean }>(
    `SELECT d.datname::text AS database,
            coalesce(d.oid IS NULL AND s.setconfig = ARRAY['role=' || $2::text], false) AS "asWanted"
       FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
       LEFT JOIN pg_database d ON d.oid = s.setdatabase
      WHERE r.rolname = $1 ORDER BY 1`,
    [role, actsAs],
  );
  const name = quoteIdentifier(role);
  for (const { database } of rows.filter(({ asWanted }) => !asWanted)) {
    const place = database === null ? '' : `IN DATABASE ${quoteIdentifier(database)} `;
    await tx.query(`ALTER ROLE ${name} ${place}RESET ALL`);
  }
  if (actsAs === null || rows.some(({ asWanted }) => asWanted)) return;
  await tx.query(`ALTER ROLE ${name} SET role = ${quoteLiteral(actsAs)}`);
}

/** In databases that the admin has nothing to do with, their owners decide who may connect. */
async function restoreDatabaseRights(tx: Queryable, { role, connectTo }: WantedRole): Promise<void> {
  const loadStrays = async () => {
    const { rows } = await tx.query<{ database: string; owner: string }>(
      `SELECT DISTINCT d.datname::text AS database, pg_get_userbyid(d.datdba)::text AS owner
         FROM pg_database d CROSS JOIN aclexplode(d.datacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE r.rolname = $1 AND pg_has_role(session_user, d.datdba, 'MEMBER')
          AND NOT (d.datname IS NOT DISTINCT FROM $2 AND a.privilege_type = 'CONNECT' AND NOT a.is_grantable)
        ORDER BY 1`,
      [role, connectTo],
    );
    return rows;
  };
  const name = quoteIdentifier(role);
  for (const { database, owner } of await loadStrays()) {
    const place = `ON DATABASE ${quoteIdentifier(database)}`;
    await asRole(tx, owner, async () => {
      await tx.query(`REVOKE ALL ${place} FROM ${name} CASCADE`);
      if (database === connectTo) await tx.query(`GRANT CONNECT ${place} TO ${name}`);
    });
  }
  const left = (await loadStrays()).map(({ database }) => quoteIdentifier(database));
  if (left.length === 0) return;
  throw new RequestError(
    `The role "${role}" has rights on the database ${left.join(', ')} that its owner did not give: revoke them by hand, then try again.`,
  );
}

async function takeAway(tx: Queryable, role: string, statement: string): Promise<void> {
  try {
    await tx.query(statement);
  } catch (error) {
    if (sqlstateOf(error) !== '42501') throw error;
    throw new RequestError(
      `The role "${role}" was changed on the backend in a way that the admin role cannot undo: run ${statement} as superuser, then try again.`,
      { cause: error },
    );
  }
}
