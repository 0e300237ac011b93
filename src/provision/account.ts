/**
 * An account on its backend: what must be there before it gets API keys, and how it is kept apart from the others.
 * Everything runs on an admin connection to the account's own database. Must never hand out more than CONNECT and
 * membership: what keys may do is decided by `grants.ts` under the account's own role.
 */

import { RequestError } from '../errors.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';
import { type AdminDatabase, asDatabaseOwner, asRole } from './admin.ts';
import { estateRoleOf, isEstateEmpty, leaveToEstate, restoreEstate } from './estate.ts';
import { createRole, managedRoleExists } from './managed-role.ts';
import { checkOwner } from './owner.ts';
import { removeRole } from './removal.ts';
import { restoreRole } from './restore.ts';

export interface BackendAccount {
  readonly name: string;
  readonly database: string;
  /** Owns the account's schemas and tables; what keys can be granted is what this role can grant. */
  readonly ownerRole: string;
}

/** The NOLOGIN role that holds what is public in an account; every key but the master's is a member of it. */
export const publicRoleOf = (account: BackendAccount): string => `postern_${account.name}_public`;

/**
 * Checks that the owner role can serve an account, creates its public role and closes the database to everybody who
 * was not let in by name. Running it again puts back what was changed by hand, except for what is public, which is
 * its key's business, and else changes nothing.
 * @throws RequestError when database or owner role are missing or unsuitable, or the admin's rights do not suffice
 */
export async function prepareAccount(database: AdminDatabase, account: BackendAccount): Promise<void> {
  try {
    await database.alone(async (tx) => {
      await checkOwner(tx, account);
      const role = publicRoleOf(account);
      if (!(await managedRoleExists(tx, role, account))) await createRole(tx, role, account);
      await restoreRole(tx, {
        role,
        login: false,
        memberOf: null,
        actsAs: null,
        connectTo: account.database,
      });
      await restoreEstate(tx, account);
      await closeDatabase(tx, account);
      await closePublicSchema(tx, account);
    });
  } catch (error) {
    if (sqlstateOf(error) !== '3D000') throw error;
    throw new RequestError(
      `The database "${account.database}" does not exist on its backend: create it first.`,
    );
  }
}

/**
 * Takes the account's public role away; its keys must have been revoked before. The database stays closed, and as long
 * as anything belongs to the account's estate, that role stays with it: only a person can tell whether the views and
 * functions in it may get the owner's rights. Running it again changes nothing.
 */
export async function dropAccount(database: AdminDatabase, account: BackendAccount): Promise<void> {
  const drop = async (tx: Queryable, role: string): Promise<void> => {
    await asDatabaseOwner(tx, () =>
      tx.query(`REVOKE ALL ON DATABASE ${quoteIdentifier(account.database)} FROM ${quoteIdentifier(role)}`),
    );
    await removeRole(tx, { role, owner: account.ownerRole });
  };
  const [publicRole, estate] = [publicRoleOf(account), estateRoleOf(account)];
  await database.alone(async (tx) => {
    if (await managedRoleExists(tx, publicRole, account)) {
      await leaveToEstate(tx, account, publicRole);
      await drop(tx, publicRole);
    }
    if ((await managedRoleExists(tx, estate, account)) && (await isEstateEmpty(tx, account))) {
      await drop(tx, estate);
    }
  });
}

/** CONNECT for the owner and the public role (hence for every key) instead of for everybody. */
async function closeDatabase(tx: Queryable, account: BackendAccount): Promise<void> {
  const database = quoteIdentifier(account.database);
  const { rows: before } = await tx.query<{ admin: string }>('SELECT session_user::text AS admin');
  const admitted = [account.ownerRole, publicRoleOf(account), ...before.map(({ admin }) => admin)];
  await asDatabaseOwner(tx, async () => {
    await tx.query(`GRANT CONNECT ON DATABASE ${database} TO ${admitted.map(quoteIdentifier).join(', ')}`);
    await tx.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
  });
  // GRANT and REVOKE without the right to do so only warn; trusting them would leave the database open.
  const { rows } = await tx.query<{ closed: boolean }>(
    `SELECT NOT has_database_privilege('public', current_database(), 'CONNECT')
        AND has_database_privilege($1::name, current_database(), 'CONNECT') AS closed`,
    [publicRoleOf(account)],
  );
  if (!rows[0]?.closed) {
    throw new RequestError(
      `The database "${account.database}" cannot be closed to other roles: the backend's admin role must be a member of the database's owner.`,
    );
  }
}

/** Up to PostgreSQL 14 everybody may create tables in `public`; from 15 on this finds nothing to do. */
async function closePublicSchema(tx: Queryable, account: BackendAccount): Promise<void> {
  const { rows } = await tx.query<{ owner: string; reachable: boolean }>(
    `SELECT pg_get_userbyid(nspowner)::text AS owner, pg_has_role(session_user, nspowner, 'MEMBER') AS reachable
       FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege('public', oid, 'CREATE')`,
  );
  for (const { owner, reachable } of rows) {
    if (!reachable) {
      throw new RequestError(
        `Everybody may create tables in the schema public of "${account.database}": run REVOKE CREATE ON SCHEMA public FROM PUBLIC as its owner, then try again.`,
      );
    }
    await asRole(tx, owner, async () => {
      await tx.query(`GRANT CREATE ON SCHEMA public TO ${quoteIdentifier(account.ownerRole)}`);
      await tx.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    });
  }
}
