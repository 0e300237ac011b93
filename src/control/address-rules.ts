/**
 * The allowlist of an account: who may come from where. Gates follow within a second, also for live sessions.
 */

import { RequestError } from '../errors.ts';
import { parseCidr } from '../policy/cidr.ts';
import type { Queryable } from '../postgres/query.ts';
import type { Account } from '../store/accounts.ts';
import {
  deleteAddressRule,
  holdAddressRule,
  insertAddressRule,
  listAddressRules as listStored,
  type StoredAddressRule,
  updateAddressRule,
} from '../store/address-rules.ts';
import type { StoreContext } from './context.ts';
import { existingAccount } from './existing.ts';
import { type Expectation, expectAnything, recordChange } from './record.ts';
import { checkExpiry, parseLabel } from './texts.ts';

/**
 * Shorter prefixes count as "any address": two halves of all addresses are all of them. The widest networks that
 * registries hand out are /8 and, for IPv6, /16 or longer.
 */
const shortestPrefixBits = { 4: 8, 6: 16 } as const;

/** Every change of an account has its rules compiled anew in all gates. */
const rulesAtMost = 1_000;

export interface AddressRuleRequest {
  /** An address or CIDR of either family, as people write it. */
  readonly cidr: string;
  readonly label: string;
  readonly expiresAt: Date | null;
}

/**
 * @throws RequestError when the account is missing, the CIDR is none or already there, it means "any address" and the
 *   account may not have that, it has too many, or the expiry is past
 */
export async function addAddressRule(
  context: StoreContext,
  accountName: string,
  request: AddressRuleRequest,
): Promise<StoredAddressRule> {
  const { cidr, family, prefixBits } = parseCidr(request.cidr);
  const label = parseLabel(request.label);
  const expiresAt = checkExpiry(request.expiresAt, context.now());
  const account = await existingAccount(context.store, accountName);
  if (prefixBits < shortestPrefixBits[family] && !account.anyAddressAllowed) {
    throw new RequestError(
      `${cidr} means any address, or nearly so, which the account "${account.name}" does not allow: name the networks, or have the operator allow it.`,
    );
  }
  if ((await listStored(context.store, account.id)).length >= rulesAtMost) {
    throw new RequestError(
      `The account "${account.name}" has ${rulesAtMost} address rules, the most there can be: remove some, or allow whole networks.`,
    );
  }
  const { after } = await recordChange(
    context,
    { action: 'address.add', target: `${account.name}/${cidr}` },
    async (tx) => ({
      before: null,
      after: await insertAddressRule(tx, {
        accountId: account.id,
        cidr,
        label,
        expiresAt,
        createdBy: context.actor,
      }),
    }),
  );
  return after;
}

/** In the order in which they were added, expired ones too. @throws RequestError when there is no such account */
export async function listAddressRules(
  { store }: Pick<StoreContext, 'store'>,
  accountName: string,
): Promise<StoredAddressRule[]> {
  return listStored(store, (await existingAccount(store, accountName)).id);
}

/**
 * Changes label or expiry of a rule; what is not given stays.
 * @throws RequestError when account or rule are missing, or the expiry is past; whatever `expect` throws
 */
export async function changeAddressRule(
  context: StoreContext,
  accountName: string,
  id: string,
  change: { readonly label?: string | undefined; readonly expiresAt?: Date | null | undefined },
  expect: Expectation<StoredAddressRule> = expectAnything,
): Promise<StoredAddressRule> {
  const label = change.label === undefined ? undefined : parseLabel(change.label);
  const expiresAt = change.expiresAt === undefined ? undefined : checkExpiry(change.expiresAt, context.now());
  const account = await existingAccount(context.store, accountName);
  const { cidr } = await existingRule(context.store, account, id);
  const { after } = await recordChange(
    context,
    { action: 'address.change', target: `${account.name}/${cidr}` },
    async (tx) => {
      const before = await heldRule(tx, account, { id, cidr }, expect);
      const wanted = {
        ...before,
        ...(label !== undefined && { label }),
        ...(expiresAt !== undefined && { expiresAt }),
      };
      return { before, after: (await updateAddressRule(tx, wanted)) ?? before };
    },
  );
  return after;
}

/**
 * Removes a rule, named by its id or by its CIDR in any spelling, and returns it.
 * @throws RequestError when the account or the rule is missing; whatever `expect` throws
 */
export async function removeAddressRule(
  context: StoreContext,
  accountName: string,
  idOrCidr: string,
  expect: Expectation<StoredAddressRule> = expectAnything,
): Promise<StoredAddressRule> {
  const account = await existingAccount(context.store, accountName);
  const found = await existingRule(context.store, account, idOrCidr);
  const { before } = await recordChange(
    context,
    { action: 'address.remove', target: `${account.name}/${found.cidr}` },
    async (tx) => {
      const before = await heldRule(tx, account, found, expect);
      await deleteAddressRule(tx, account.id, found.id);
      return { before, after: null };
    },
  );
  return before;
}

async function existingRule(
  store: Queryable,
  account: Account,
  idOrCidr: string,
): Promise<StoredAddressRule> {
  const rules = await listStored(store, account.id);
  const found = rules.find(({ id }) => id === idOrCidr) ?? ruleFor(parseCidr(idOrCidr).cidr, rules);
  if (found === undefined) {
    throw new RequestError(`The account "${account.name}" has no address rule ${JSON.stringify(idOrCidr)}.`);
  }
  return found;
}

async function heldRule(
  tx: Queryable,
  { id: accountId }: Account,
  { id, cidr }: Pick<StoredAddressRule, 'id' | 'cidr'>,
  expect: Expectation<StoredAddressRule>,
): Promise<StoredAddressRule> {
  const held = await holdAddressRule(tx, accountId, id);
  if (held === undefined) throw new RequestError(`The address rule ${cidr} was removed meanwhile.`);
  expect(held);
  return held;
}

/** PostgreSQL prints some IPv6 networks in another way than they were given to it. */
const ruleFor = (cidr: string, rules: readonly StoredAddressRule[]): StoredAddressRule | undefined =>
  rules.find((rule) => parseCidr(rule.cidr).cidr === cidr);
