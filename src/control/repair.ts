/**
 * Puts the roles of active keys back to what the store says, whatever happened to them on the backend: dropped,
 * attributes, memberships, settings and rights given or taken by hand, and above all another password, which PostgreSQL
 * lets every role give itself. What the admin cannot undo is reported. All roles for a person to ask for, because that
 * touches every one; a single role as soon as a backend does not accept it.
 */

import { prepareAccount } from '../provision/account.ts';
import { type Account, findAccountById, listAccounts } from '../store/accounts.ts';
import { findKeyById, listKeys } from '../store/api-keys.ts';
import { tryKeyLock } from '../store/locks.ts';
import type { BackendContext, SealContext } from './context.ts';
import { restoreKeyRole } from './key-role.ts';
import { onBackend } from './on-backend.ts';
import { problemOf } from './problem.ts';

export interface Repaired {
  readonly account: string;
  /** null: the account itself, its public role and its closed database. */
  readonly key: string | null;
  /** Why it could not be put right, one sentence; null: it is as the store says. */
  readonly problem: string | null;
}

/** What was put right, by account; a failure with one does not keep it from the others. Keys under change are left out. */
export async function repairRoles(context: BackendContext & SealContext): Promise<readonly Repaired[]> {
  const repaired: Repaired[] = [];
  for (const account of await listAccounts(context.store)) {
    const problem = await problemOf(() => onBackend(context, account, prepareAccount));
    repaired.push({ account: account.name, key: null, problem });
    if (problem !== null) continue;
    for (const { id, name, state } of await listKeys(context.store, account.id)) {
      if (state !== 'active') continue;
      repaired.push({
        account: account.name,
        key: name,
        problem: await problemOf(() => restoreUnlocked(context, account, id)),
      });
    }
  }
  return repaired;
}

/**
 * The same for one key, whose role a backend did not accept, and for what its account needs on that backend. Does
 * nothing for a key that is not active, or that somebody is changing just now.
 * @throws RequestError when it could not be put right
 */
export async function repairKey(context: BackendContext & SealContext, keyId: string): Promise<void> {
  const key = await findKeyById(context.store, keyId);
  const account = key?.state === 'active' ? await findAccountById(context.store, key.accountId) : undefined;
  if (account === undefined) return;
  await onBackend(context, account, prepareAccount);
  await restoreUnlocked(context, account, keyId);
}

async function restoreUnlocked(
  context: BackendContext & SealContext,
  account: Account,
  id: string,
): Promise<void> {
  await tryKeyLock(context.store, id, async () => {
    const key = await findKeyById(context.store, id);
    if (key?.state === 'active') await restoreKeyRole(context, account, key);
  });
}
