/**
 * Who signs in to the console: the owner of an account, by a master key. Works on the key's digest, so that callers
 * can keep that instead of the key and ask again whether it still counts.
 */

import { type Account, findAccountById } from '../store/accounts.ts';
import { findKeyByDigest, type StoredKey } from '../store/api-keys.ts';
import { appendAudit } from '../store/audit.ts';
import type { StoreContext } from './context.ts';

export interface Owner {
  readonly account: Account;
  readonly key: StoredKey;
}

/**
 * @param digest SHA-256 of the key's text, lower-case hex
 * @returns null unless it is an active, unexpired master key of an account that is not deleted
 */
export async function recogniseOwner(
  { store, now }: Pick<StoreContext, 'store' | 'now'>,
  digest: string,
): Promise<Owner | null> {
  const key = await findKeyByDigest(store, Buffer.from(digest, 'hex'));
  if (key === undefined || key.kind !== 'master' || key.state !== 'active') return null;
  if (key.expiresAt !== null && key.expiresAt.getTime() <= now()) return null;
  const account = await findAccountById(store, key.accountId);
  return account === undefined || account.status === 'deleted' ? null : { account, key };
}

/** Records that somebody signed in to the console. @param target the account's name; for operators what is none */
export const recordSignIn = async (
  { store, actor }: StoreContext,
  target: string,
  facts: { readonly address: string; readonly key: string | null },
): Promise<void> => {
  await store.transaction((tx) =>
    appendAudit(tx, { actor, action: 'console.sign-in', target, before: null, after: facts }),
  );
};
