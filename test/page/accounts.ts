/** Accounts of people who have just been given their master key. */

import { createAccount, deleteAccount } from '../../src/control/accounts.ts';
import { createKey } from '../../src/control/api-keys.ts';
import type { TestPostern } from '../support/postern.ts';
import { uniqueName } from '../support/postgres.ts';

export interface Account {
  readonly account: string;
  readonly masterKey: string;
}

export interface AccountOptions {
  readonly name?: string;
  /** With its owner; none given: the data of the first account. */
  readonly database?: string;
  readonly ownerRole?: string;
}

/** Deleted before what is already in `until`. */
export const addEmptyAccount = async (
  { context, ...first }: TestPostern,
  until: AsyncDisposableStack,
  {
    name = uniqueName('acc').replace('_', '-'),
    database = first.database,
    ownerRole = first.ownerRole,
  }: AccountOptions = {},
): Promise<Account> => {
  await createAccount(context, { name, backend: 'main', database, ownerRole });
  until.defer(() => deleteAccount(context, name));
  const request = { name: 'master', kind: 'master', grants: [], expiresAt: null } as const;
  return { account: name, masterKey: (await createKey(context, name, request)).text };
};
