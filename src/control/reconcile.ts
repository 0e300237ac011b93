/**
 * Finishes what crashes, lost connections and unreachable backends left half-done, key by key. Holds each key's lock,
 * so it never fights a change that is under way: what somebody else holds is left to them. Runs at start and on a
 * timer, on any number of instances at once.
 */

import { RequestError } from '../errors.ts';
import { type Account, findAccountById } from '../store/accounts.ts';
import { findKeyById, listUnfinishedKeys, type StoredKey } from '../store/api-keys.ts';
import { tryKeyLock } from '../store/locks.ts';
import type { BackendContext, SealContext } from './context.ts';
import { retireKey } from './key-revocation.ts';
import { restoreKeyRole } from './key-role.ts';

export interface Reconciled {
  readonly account: string;
  readonly key: string;
  readonly keyId: string;
  /**
   * `rolled-back`: never became active, so its text was never delivered; role and key are gone.
   * `in-progress`: somebody is working on it right now. `nothing-left`: somebody finished it in between.
   */
  readonly outcome: 'rolled-back' | 'revoked' | 'grants-applied' | 'in-progress' | 'nothing-left' | 'failed';
  /** Why it failed, one sentence; null otherwise. */
  readonly problem: string | null;
}

/**
 * What was done about each unfinished key, oldest first; a failure with one does not keep it from the others.
 * @param signal between two keys it is the end; the rest is for the next time
 */
export async function reconcile(
  context: BackendContext & SealContext,
  signal?: AbortSignal,
): Promise<readonly Reconciled[]> {
  const reconciled: Reconciled[] = [];
  for (const key of await listUnfinishedKeys(context.store)) {
    if (signal?.aborted) break;
    const account = await findAccountById(context.store, key.accountId);
    if (account === undefined)
      throw new Error(`The account ${key.accountId} is gone, where none is ever deleted.`);
    reconciled.push({
      account: account.name,
      key: key.name,
      keyId: key.id,
      ...(await attempt(context, account, key)),
    });
  }
  return reconciled;
}

async function attempt(
  context: BackendContext & SealContext,
  account: Account,
  { id }: StoredKey,
): Promise<Pick<Reconciled, 'outcome' | 'problem'>> {
  let outcome: Reconciled['outcome'] = 'in-progress';
  try {
    await tryKeyLock(context.store, id, async () => {
      outcome = await finish(context, account, await findKeyById(context.store, id));
    });
    return { outcome, problem: null };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { outcome: 'failed', problem: error.message };
  }
}

async function finish(
  context: BackendContext & SealContext,
  account: Account,
  key: StoredKey | undefined,
): Promise<Reconciled['outcome']> {
  if (key === undefined) return 'nothing-left';
  switch (key.state) {
    case 'provisioning':
      await retireKey(context, account, key, 'The key was never delivered.');
      return 'rolled-back';
    case 'revoking':
      await retireKey(context, account, key, null);
      return 'revoked';
    case 'active':
      if (key.grantsApplied) return 'nothing-left';
      await restoreKeyRole(context, account, key);
      return 'grants-applied';
    case 'revoked':
      return 'nothing-left';
    default:
      return key.state satisfies never;
  }
}
