/**
 * The end of API keys: refused at the gates first (state `revoking`), then its role is removed from the backend, then
 * the key is `revoked`. Whatever interrupts this, the key opens nothing any more and `reconcile` does the rest.
 */

import { RequestError } from '../errors.ts';
import { revokeRole } from '../provision/revoke.ts';
import type { Account } from '../store/accounts.ts';
import { beginRevokingKey, finishRevokingKey } from '../store/api-key-changes.ts';
import { findKeyById, type StoredKey } from '../store/api-keys.ts';
import { withKeyLock } from '../store/locks.ts';
import type { BackendContext } from './context.ts';
import { existingAccount, existingKey, type KeyReference } from './existing.ts';
import { onBackend } from './on-backend.ts';
import { recordChange } from './record.ts';
import { parseReason } from './texts.ts';

export interface RevokedKey {
  /** In state `revoked`, or `revoking` when the backend has not followed yet. */
  readonly key: StoredKey;
  /** Why the role is still on the backend, one sentence; null: it is gone. */
  readonly unfinished: string | null;
}

/**
 * Revokes a key. It counts from the moment this returns, also when the backend could not be reached.
 * @throws RequestError when account or key are missing, or another change of the key does not end
 */
export async function revokeKey(
  context: BackendContext,
  accountName: string,
  reference: KeyReference,
  reason: string | null,
): Promise<RevokedKey> {
  const said = parseReason(reason);
  const account = await existingAccount(context.store, accountName);
  const { id } = await existingKey(context.store, account, reference);
  return withKeyLock(context.store, id, async () => {
    const key = await refuseAtGates(context, account, id, said);
    try {
      return { key: await removeRole(context, account, key), unfinished: null };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { key, unfinished: error.message };
    }
  });
}

/**
 * The whole way from any state; the caller holds the key's lock, or nobody else knows the key. Can be repeated.
 * @throws RequestError when the backend did not follow; the key is `revoking` then
 */
export async function retireKey(
  context: BackendContext,
  account: Account,
  { id }: Pick<StoredKey, 'id'>,
  reason: string | null,
): Promise<StoredKey> {
  return removeRole(context, account, await refuseAtGates(context, account, id, reason));
}

async function refuseAtGates(
  context: BackendContext,
  account: Account,
  id: string,
  reason: string | null,
): Promise<StoredKey> {
  const before = await currentKey(context, id);
  if (before.state === 'revoking' || before.state === 'revoked') return before;
  const { after } = await recordChange(
    context,
    { action: 'key.revoke', target: `${account.name}/${before.name}` },
    async (tx) => {
      const revoking = await beginRevokingKey(tx, id, reason);
      if (revoking === undefined)
        throw new RequestError(`The API key "${before.name}" was revoked meanwhile.`);
      return { before, after: revoking };
    },
  );
  return after;
}

/** Also for a key that counts as revoked: whoever made it may have been slower than who removed it. */
async function removeRole(context: BackendContext, account: Account, key: StoredKey): Promise<StoredKey> {
  await onBackend(context, account, (admin, on) => revokeRole(admin, on, key));
  return (await finishRevokingKey(context.store, key.id)) ?? currentKey(context, key.id);
}

async function currentKey({ store }: Pick<BackendContext, 'store'>, id: string): Promise<StoredKey> {
  const key = await findKeyById(store, id);
  if (key === undefined)
    throw new Error(`The API key ${id} is gone from the store, where keys are never deleted.`);
  return key;
}
