/**
 * Accounts: create, show, change, disable, enable, delete. Creating prepares the database on the backend first, so
 * that an account in the store can always be given keys; deleting stops it at the gates first and forgets it last.
 * Each step can be interrupted and the whole be asked for again.
 */

import { randomBytes } from 'node:crypto';
import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { dropAccount, prepareAccount, publicRoleOf } from '../provision/account.ts';
import {
  type Account,
  type AccountSettingsChange,
  findAccount,
  insertAccount,
  listAccounts as listStored,
  lockAccount,
  type NewAccount,
  updateAccount,
} from '../store/accounts.ts';
import { listKeys } from '../store/api-keys.ts';
import { withKeyLock } from '../store/locks.ts';
import type { BackendContext, StoreContext } from './context.ts';
import { existingAccount } from './existing.ts';
import { retireKey } from './key-revocation.ts';
import { onBackend } from './on-backend.ts';
import { type Expectation, expectAnything, recordChange } from './record.ts';
import { checkAliases, checkMaxSessions, parseAccountName } from './texts.ts';

/** Enough for keys with 160 random bits; more would only slow logins down. RFC 7677 §4 asks for at least 4096. */
const scramIterations = 4096;
const scramSaltBytes = 16;

export type AccountRequest = Omit<NewAccount, 'publicRole' | 'scramSalt' | 'scramIterations'>;
export type AccountChange = Omit<AccountSettingsChange, 'publicRole' | 'status'> & {
  readonly status?: 'active' | 'disabled' | undefined;
};

/**
 * Prepares the account's database and records the account.
 * @throws RequestError when the name is unusable or taken, or backend, database or owner role are not as they must be
 */
export async function createAccount(context: BackendContext, request: AccountRequest): Promise<Account> {
  const name = parseAccountName(request.name);
  // Before anything is touched on the backend; the store's unique index decides if two come at once.
  if ((await findAccount(context.store, name)) !== undefined) {
    throw new RequestError(`There is already an account named "${name}".`);
  }
  checkChange(request);
  const account = { ...request, name };
  await onBackend(context, account, prepareAccount);
  const { after } = await recordChange(context, { action: 'account.create', target: name }, async (tx) => ({
    before: null,
    after: await insertAccount(tx, {
      ...account,
      publicRole: publicRoleOf(account),
      scramSalt: randomBytes(scramSaltBytes),
      scramIterations,
    }),
  }));
  return after;
}

/** By name. */
export const listAccounts = ({ store }: Pick<StoreContext, 'store'>): Promise<Account[]> => listStored(store);

/** @throws RequestError when there is none of this name */
export const showAccount = ({ store }: Pick<StoreContext, 'store'>, name: string): Promise<Account> =>
  existingAccount(store, name);

/**
 * Changes how the account may be used; gates follow within a second. What is not given stays.
 * @throws RequestError when there is none of this name, or a setting cannot be so; whatever `expect` throws
 */
export async function changeAccount(
  context: StoreContext,
  name: string,
  change: AccountChange,
  expect: Expectation<Account> = expectAnything,
): Promise<Account> {
  checkChange(change);
  return update(context, name, 'account.change', change, expect);
}

/** Ends its sessions and admits nobody until it is enabled again. @throws RequestError when there is none */
export const disableAccount = (context: StoreContext, name: string): Promise<Account> =>
  setStatus(context, name, 'account.disable', 'disabled');

/** @throws RequestError when there is none of this name */
export const enableAccount = (context: StoreContext, name: string): Promise<Account> =>
  setStatus(context, name, 'account.enable', 'active');

/**
 * Disables the account, removes the roles of its keys and its public role, and frees its name. The customer's data
 * stay untouched. When it fails the account stays disabled, and asking again goes on.
 * @throws RequestError when there is none of this name, or its backend did not follow; whatever `expect` throws
 */
export async function deleteAccount(
  context: BackendContext,
  name: string,
  expect: Expectation<Account> = expectAnything,
): Promise<void> {
  const account = await setStatus(context, name, 'account.disable', 'disabled', expect);
  // No key comes after these: keys are made for enabled accounts only.
  for (const key of await listKeys(context.store, account.id)) {
    if (key.state === 'revoked') continue;
    await withKeyLock(context.store, key.id, () =>
      retireKey(context, account, key, 'The account was deleted.'),
    );
  }
  await onBackend(context, account, dropAccount);
  await update(context, name, 'account.delete', { status: 'deleted' });
}

function checkChange({ maxSessions = null, databaseAliases = [] }: AccountChange): void {
  checkMaxSessions(maxSessions);
  checkAliases(databaseAliases);
}

async function setStatus(
  context: StoreContext,
  name: string,
  action: string,
  status: 'active' | 'disabled',
  expect: Expectation<Account> = expectAnything,
): Promise<Account> {
  const account = await context.store.transaction((tx) => lockExpected(tx, name, expect));
  return account.status === status ? account : update(context, name, action, { status }, expect);
}

async function lockExpected(tx: Queryable, name: string, expect: Expectation<Account>): Promise<Account> {
  const account = (await lockAccount(tx, name)) ?? (await existingAccount(tx, name));
  expect(account);
  return account;
}

async function update(
  context: StoreContext,
  name: string,
  action: string,
  settings: AccountSettingsChange,
  expect: Expectation<Account> = expectAnything,
): Promise<Account> {
  const { after } = await recordChange(context, { action, target: name }, async (tx) => {
    const before = await lockExpected(tx, name, expect);
    const changed = await updateAccount(tx, before.id, settings);
    if (changed === undefined) throw new RequestError(`The account "${name}" was deleted meanwhile.`);
    return { before, after: changed };
  });
  return after;
}
