/** The policies of all accounts, as a gate that has just loaded them would decide by them. */

import type { AccountPolicy } from '../../src/policy/account.ts';
import { unpackAccount } from '../../src/policy/packed-account.ts';
import type { Database } from '../../src/postgres/database.ts';
import { loadPolicy } from '../../src/store/policy.ts';

export const loadAccounts = async (store: Pick<Database, 'transaction'>): Promise<AccountPolicy[]> =>
  (await loadPolicy(store)).accounts.map(unpackAccount);
