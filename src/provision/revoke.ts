/**
 * The end of a scoped role, in steps that can be interrupted anywhere and repeated: no more logins, sessions and prepared
 * transactions, nothing left that it owns or holds, no role. What it created stays and belongs to the account's estate,
 * see `estate.ts`, or to the account's owner if the key was a master.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { KeyKind } from '../policy/account.ts';
import type { Database } from '../postgres/database.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier, quoteLiteral } from '../postgres/quote.ts';
import { type BackendAccount, publicRoleOf } from './account.ts';
import { type AdminDatabase, joinRole } from './admin.ts';
import { leaveToEstate } from './estate.ts';
import { managedRoleExists } from './managed-role.ts';
import { removeRole } from './removal.ts';
import { revokeEverything } from './revocation.ts';

const retryAfterMs = 20;
const defaultGraceMs = 1_500;
const defaultTimeoutMs = 10_000;

export interface RevokeOptions {
  /** How long the gates, who tell the reason, have for ending the role's sessions before they are terminated; 1500. */
  readonly graceMs?: number;
  /** How long to wait in all for sessions to be gone; default 10 000. */
  readonly timeoutMs?: number;
}

/**
 * Removes the role of a key; done when it returns, also when there was no such role. Revoking the `default_public` key
 * ends what is public in the account.
 * @throws RequestError when the role is not the account's
 * @throws Error when sessions do not end in time; the role can no longer log in then, and a repetition goes on
 */
export async function revokeRole(
  database: AdminDatabase,
  account: BackendAccount,
  { kind, roleName }: { readonly kind: KeyKind; readonly roleName: string },
  { graceMs = defaultGraceMs, timeoutMs = defaultTimeoutMs }: RevokeOptions = {},
): Promise<void> {
  if (await managedRoleExists(database, roleName, account)) {
    await joinRole(database, roleName);
    await endWork(database, roleName, { graceMs, timeoutMs });
  }
  await database.alone(async (tx) => {
    if (kind === 'default_public') {
      await revokeEverything(tx, { role: publicRoleOf(account), owner: account.ownerRole });
    }
    // Somebody else may have finished meanwhile.
    if (!(await managedRoleExists(tx, roleName, account))) return;
    if (kind === 'master') {
      // Its holder had the owner's rights, so what it made may have them too.
      await tx.query(
        `REASSIGN OWNED BY ${quoteIdentifier(roleName)} TO ${quoteIdentifier(account.ownerRole)}`,
      );
    } else {
      await leaveToEstate(tx, account, roleName);
    }
    await removeRole(tx, { role: roleName, owner: account.ownerRole });
  });
}

/**
 * No more logins, no more sessions, no prepared transactions. At the same time, because whoever has changed its own
 * password in a transaction that is still open keeps everybody from changing the role until that transaction ends.
 */
async function endWork(
  database: Database,
  roleName: string,
  options: Required<RevokeOptions>,
): Promise<void> {
  const barring = database.query(`ALTER ROLE ${quoteIdentifier(roleName)} NOLOGIN`);
  // Told by the last line; without this an end that comes first would leave nobody to hear it.
  barring.catch(() => undefined);
  await rollBackPrepared(database, roleName);
  await endSessions(database, roleName, options);
  await barring;
  // Whoever came in meanwhile, or left work prepared.
  await endSessions(database, roleName, options);
  await rollBackPrepared(database, roleName);
}

/** They hold their locks without a session, for ever. One who is no superuser may end them only as their role. */
async function rollBackPrepared(database: Database, roleName: string): Promise<void> {
  const { rows } = await database.query<{ name: string }>(
    'SELECT gid AS name FROM pg_prepared_xacts WHERE owner = $1 AND database = current_database()',
    [roleName],
  );
  if (rows.length === 0) return;
  await database.connection(async (connection) => {
    await connection.query(`SET ROLE ${quoteIdentifier(roleName)}`);
    for (const { name } of rows) await connection.query(`ROLLBACK PREPARED ${quoteLiteral(name)}`);
  });
}

/** Repeats, because a login that had passed the check before NOLOGIN shows up after the first look. */
async function endSessions(
  database: Queryable,
  roleName: string,
  { graceMs, timeoutMs }: Required<RevokeOptions>,
): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const waitedMs = performance.now() - startedAt;
    const { rows } = await database.query(
      `SELECT CASE WHEN $2 THEN pg_terminate_backend(pid) END
         FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()`,
      [roleName, waitedMs >= graceMs],
    );
    if (rows.length === 0) return;
    if (waitedMs > timeoutMs) {
      throw new Error(
        `${rows.length} sessions of the role "${roleName}" did not end within ${timeoutMs} ms.`,
      );
    }
    await delay(retryAfterMs);
  }
}
