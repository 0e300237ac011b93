/**
 * Puts the roles of active keys back to what the store says, whatever happened to them on the backend: dropped,
 * rights given or taken by hand, and above all another password, which PostgreSQL lets every role give itself.
 * For a person to ask for: it touches every role, so it is not part of `reconcile`'s timer.
 */

import { RequestError } from '../errors.ts';
import { grantsFromJson } from '../policy/grants.ts';
import { prepareAccount } from '../provision/account.ts';
import { provisionRole } from '../provision/scoped-role.ts';
import { buildScramVerifier } from '../provision/verifier.ts';
import { type Account, findAccountById, listAccounts } from '../store/accounts.ts';
import { findKeyById, listKeys, loadSealedRoleSecret } from '../store/api-keys.ts';
import { tryKeyLock } from '../store/locks.ts';
import type { BackendContext, SealContext } from './context.ts';
import { onBackend } from './on-backend.ts';

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
        problem: await problemOf(() => tryKeyLock(context.store, id, () => putBack(context, account, id))),
      });
    }
  }
  return repaired;
}

/**
 * Puts back the role of one key; nothing happens while somebody else changes that key, or when it is not active.
 * @throws RequestError one sentence when the backend did not follow
 */
export async function repairKey(context: BackendContext & SealContext, keyId: string): Promise<void> {
  const key = await findKeyById(context.store, keyId);
  const account = key && (await findAccountById(context.store, key.accountId));
  if (account) await tryKeyLock(context.store, keyId, () => putBack(context, account, keyId));
}

async function putBack(context: BackendContext & SealContext, account: Account, id: string): Promise<void> {
  const key = await findKeyById(context.store, id);
  if (key?.state !== 'active') return;
  const verifier = buildScramVerifier(context.sealer.open(await loadSealedRoleSecret(context.store, id), id));
  const grants = grantsFromJson(key.grants);
  await onBackend(context, account, (admin, on) => provisionRole(admin, on, { ...key, grants, verifier }));
}

async function problemOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
}
