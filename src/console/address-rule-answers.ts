/** Finding the address rule that is meant, among those of the account. */

import { listAddressRules } from '../control/address-rules.ts';
import type { StoredAddressRule } from '../store/address-rules.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { notFound } from './problem.ts';

/** @throws Problem when the account has no such rule */
export const existingRule = async (
  { control }: ConsoleDependencies,
  account: string,
  id: string,
): Promise<StoredAddressRule> => {
  const found = (await listAddressRules(control, account)).find((rule) => rule.id === id);
  if (found === undefined) throw notFound('such address rule');
  return found;
};
