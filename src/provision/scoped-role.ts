/**
 * The login role behind one API key: made, brought up to date, given other grants. Each call is one transaction on
 * the account's database and can be repeated at any time with the same result. The clear password never gets here.
 */

import { RequestError } from '../errors.ts';
import type { KeyKind } from '../policy/account.ts';
import type { Grant } from '../policy/grants.ts';
import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier, quoteLiteral } from '../postgres/quote.ts';
import { type BackendAccount, publicRoleOf } from './account.ts';
import type { AdminDatabase } from './admin.ts';
import { applyGrants, checkGrants } from './grants.ts';
import { createRole, managedRoleExists } from './managed-role.ts';
import { restoreRole, type WantedRole } from './restore.ts';
import { revokeEverything } from './revocation.ts';

export interface KeyRole {
  readonly kind: KeyKind;
  readonly roleName: string;
  /** Empty for `master`. Of `default_public`: what everybody in the account may do, given to the public role. */
  readonly grants: readonly Grant[];
}

export interface RoleVerifier {
  readonly roleName: string;
  /** From `buildScramVerifier`. */
  readonly verifier: string;
}

/**
 * Makes the role exist, or puts it back to what it was made as (see `restore.ts`): able to log in with the password
 * behind `verifier`, and holding exactly its grants on tables, sequences and schemas.
 * @throws RequestError when a role of that name is not the account's, the account cannot grant this, or the role was
 *   changed in a way that the admin cannot undo
 */
export async function provisionRole(
  database: AdminDatabase,
  account: BackendAccount,
  role: KeyRole & RoleVerifier,
): Promise<void> {
  await database.alone(async (tx) => {
    if (!(await managedRoleExists(tx, role.roleName, account))) {
      await createRole(tx, role.roleName, account);
    }
    await restoreRole(tx, wantedRole(account, role));
    await givePassword(tx, role);
    await applyKind(tx, account, role);
  });
}

/**
 * Another password for an existing role and nothing else; its sessions do not notice.
 * @throws RequestError when the role is missing or not the account's
 */
export async function setRolePassword(
  database: AdminDatabase,
  account: BackendAccount,
  role: RoleVerifier,
): Promise<void> {
  await database.alone(async (tx) => {
    if (!(await managedRoleExists(tx, role.roleName, account))) {
      throw new RequestError(
        `The role "${role.roleName}" is gone from the backend: \`postern reconcile\` makes it anew.`,
      );
    }
    await givePassword(tx, role);
  });
}

/**
 * Replaces the grants of an existing role.
 * @throws RequestError when the role is missing or not the account's, or the account cannot grant this
 */
export async function setRoleGrants(
  database: AdminDatabase,
  account: BackendAccount,
  role: KeyRole,
): Promise<void> {
  await database.alone(async (tx) => {
    if (!(await managedRoleExists(tx, role.roleName, account))) {
      throw new RequestError(`The role "${role.roleName}" is gone from the backend: revoke its API key.`);
    }
    await applyKind(tx, account, role);
  });
}

/**
 * Whether a key of this kind can have these grants, without changing anything: for saying no before a key is made.
 * @throws RequestError naming everything that it cannot
 */
export async function checkRoleGrants(
  database: Queryable,
  account: BackendAccount,
  { kind, grants }: Pick<KeyRole, 'kind' | 'grants'>,
): Promise<void> {
  if (kind === 'master' && grants.length > 0) {
    throw new RequestError('A master key has every right of its account and takes no grants.');
  }
  if (kind === 'default_public' && grants.some((grant) => grant.kind === 'create')) {
    throw new RequestError('What is public cannot include "create": give that to a regular key.');
  }
  await checkGrants(database, { owner: account.ownerRole, grants });
}

/** What a master's key creates belongs to the owner and outlives the key, because it acts as the owner. */
const wantedRole = (account: BackendAccount, { kind, roleName }: KeyRole): WantedRole => {
  const actsAs = kind === 'master' ? account.ownerRole : null;
  return {
    role: roleName,
    login: true,
    memberOf: actsAs ?? publicRoleOf(account),
    actsAs,
    connectTo: null,
  };
};

async function givePassword(tx: Queryable, { roleName, verifier }: RoleVerifier): Promise<void> {
  await tx.query(`ALTER ROLE ${quoteIdentifier(roleName)} PASSWORD ${quoteLiteral(verifier)}`);
}

async function applyKind(tx: Queryable, account: BackendAccount, role: KeyRole): Promise<void> {
  await checkRoleGrants(tx, account, role);
  const owner = account.ownerRole;
  switch (role.kind) {
    case 'master':
      return revokeEverything(tx, { role: role.roleName, owner });
    case 'default_public':
      await revokeEverything(tx, { role: role.roleName, owner });
      return applyGrants(tx, { role: publicRoleOf(account), owner, grants: role.grants });
    case 'regular':
      return applyGrants(tx, { role: role.roleName, owner, grants: role.grants });
    default:
      return role.kind satisfies never;
  }
}
