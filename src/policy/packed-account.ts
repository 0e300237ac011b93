/**
 * An account's policy as a gate keeps it. Nearly all accounts are only kept at any moment, and as objects they would take
 * twice the memory, all of which the garbage collector walks through: so an account is the text that the store has made
 * of it until somebody asks (decision 19).
 */

import { messageOf } from '../errors.ts';
import type { AccountOutline, AccountPolicy, AddressRule, UncompiledPolicy } from './account.ts';
import { compileRanges, readRules } from './addresses.ts';
import { type NamedNetworks, networksOf, noNetworks } from './admitted-networks.ts';

/** UTF-16 units. To read a longer one would hold up each login: it is rare, and kept ready. */
const longestText = 16_384;

export interface PackedAccount extends AccountOutline {
  readonly unreadable: string | null;
  readonly fingerprints: readonly string[];
  readonly networks: NamedNetworks;
  /** JSON, unless it is long. */
  readonly policy: string | UncompiledPolicy;
}

/** Rules that make no sense admit nobody; they must never keep the policy of other accounts from the gates. */
const compileRules = (
  name: string,
  rules: readonly AddressRule[],
): Pick<PackedAccount, 'addresses' | 'unreadable' | 'networks'> => {
  try {
    const ranges = readRules(rules);
    return { addresses: compileRanges(ranges), unreadable: null, networks: networksOf(ranges) };
  } catch (error) {
    const unreadable = `The account "${name}" admits nobody because of an address rule: ${messageOf(error)}`;
    return { addresses: compileRanges([]), unreadable, networks: noNetworks };
  }
};

/** @param text an UncompiledPolicy as JSON */
export const packAccount = (text: string, rules: readonly AddressRule[]): PackedAccount => {
  const policy: UncompiledPolicy = JSON.parse(text);
  const { id, name, clientCertificate, certificates, keys } = policy;
  const isLong = text.length > longestText;
  if (isLong) for (const shared of [policy, certificates, keys]) Object.freeze(shared);
  return {
    id,
    name,
    clientCertificate,
    ...compileRules(name, rules),
    fingerprints: certificates.map(({ fingerprint }) => fingerprint),
    policy: isLong ? policy : text,
  };
};

export const unpackAccount = ({ policy, addresses, unreadable }: PackedAccount): AccountPolicy => ({
  ...(typeof policy === 'string' ? (JSON.parse(policy) as UncompiledPolicy) : policy),
  addresses,
  unreadable,
});
