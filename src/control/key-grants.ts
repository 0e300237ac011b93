/**
 * What an API key may do, changed after its creation: wanted in the store first (`grants_applied` false), then applied
 * on the backend in one transaction, then noted as applied. `reconcile` applies what an interruption left wanted.
 */

import { RequestError } from '../errors.ts';
import { grantsFromJson, parseGrants } from '../policy/grants.ts';
import { type GrantableSchema, listGrantable as listGrantableOf } from '../provision/grantable.ts';
import { checkRoleGrants, setRoleGrants } from '../provision/scoped-role.ts';
import type { Account } from '../store/accounts.ts';
import { markGrantsApplied, replaceGrants } from '../store/api-key-changes.ts';
import type { StoredKey } from '../store/api-keys.ts';
import { withKeyLock } from '../store/locks.ts';
import type { BackendContext } from './context.ts';
import { existingAccount, existingKey, type KeyReference } from './existing.ts';
import { onBackend } from './on-backend.ts';
import { type Expectation, expectAnything, recordChange } from './record.ts';

/**
 * The schemas and tables that the account's keys can be granted, as they are on its backend now.
 * @throws RequestError when the account is missing or its backend does not answer
 */
export async function listGrantable(
  context: BackendContext,
  accountName: string,
): Promise<readonly GrantableSchema[]> {
  const account = await existingAccount(context.store, accountName);
  return onBackend(context, account, (admin, on) => listGrantableOf(admin, on.ownerRole));
}

/**
 * Replaces the grants of a key; its sessions have the new rights with their next statement.
 * @param texts as `parseGrants` reads them; what is not among them is taken away
 * @throws RequestError when account or key are missing, the key is a master or not active, a grant is not the account's
 *   to give, or the backend did not follow; whatever `expect` throws
 */
export async function setKeyGrants(
  context: BackendContext,
  accountName: string,
  reference: KeyReference,
  texts: readonly string[],
  expect: Expectation<StoredKey> = expectAnything,
): Promise<StoredKey> {
  const grants = parseGrants(texts);
  const account = await existingAccount(context.store, accountName);
  const { id, kind, name } = await existingKey(context.store, account, reference);
  if (kind === 'master') {
    throw new RequestError(
      `"${name}" is a master key: it has every right of its account and takes no grants.`,
    );
  }
  await onBackend(context, account, (admin, on) => checkRoleGrants(admin, on, { kind, grants }));
  return withKeyLock(context.store, id, async () => {
    const { after } = await recordChange(
      context,
      { action: 'key.grant', target: `${account.name}/${name}` },
      async (tx) => {
        const before = await existingKey(tx, account, { id });
        expect(before);
        const wanted = before.state === 'active' ? await replaceGrants(tx, id, grants) : undefined;
        if (wanted === undefined) {
          throw new RequestError(
            `The grants of the API key "${name}" cannot be changed: it is ${before.state}.`,
          );
        }
        return { before, after: wanted };
      },
    );
    return applyWantedGrants(context, account, after);
  });
}

/**
 * Gives the key's role the grants that the store wants; the caller holds the key's lock. Can be repeated.
 * @throws RequestError when the backend did not follow: the old grants are in force then
 */
async function applyWantedGrants(
  context: BackendContext,
  account: Account,
  key: StoredKey,
): Promise<StoredKey> {
  const grants = grantsFromJson(key.grants);
  await onBackend(context, account, (admin, on) => setRoleGrants(admin, on, { ...key, grants }));
  return (await markGrantsApplied(context.store, key.id, key.grants)) ?? key;
}
