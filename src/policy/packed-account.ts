/**
 * An account's policy as a gate keeps it. Nearly all accounts are only kept at any moment, and as objects they would take
 * twice the memory, all of which the garbage collector walks through: so an account is the text that the store has made
 * of it until somebody asks (decision 19).
 */

import { messageOf } from '../errors.ts';
import type { AccountPolicy, AddressRule, UncompiledPolicy } from './account.ts';
import { compileAddresses } from './addresses.ts';
import { networkKeysOf } from './admitted-networks.ts';

/** UTF-16 units. To read a longer one would hold up each login: it is rare, and kept ready. */
const longestText = 16_384;

export interface PackedAccount extends Pick<AccountPolicy, 'id' | 'name' | 'addresses' | 'unreadable'> {
  readonly fingerprints: readonly string[];
  /** What `AdmittedNetworks` calls the networks of its address rules. */
  readonly networkKeys: readonly string[];
  /** JSON, unless it is long. */
  readonly policy: string | UncompiledPolicy;
}

/** Rules that make no sense admit nobody; they must never keep the policy of other accounts from the gates. */
const compileRules = (
  name: string,
  rules: readonly AddressRule[],
): Pick<PackedAccount, 'addresses' | 'unreadable' | 'networkKeys'> => {
  try {
    return { addresses: compileAddresses(rules), unreadable: null, networkKeys: networkKeysOf(rules) };
  } catch (error) {
    const unreadable = `The account "${name}" admits nobody because of an address rule: ${messageOf(error)}`;
    return { addresses: compileAddresses([]), unreadable, networkKeys: [] };
  }
};

/** @param text an UncompiledPolicy as JSON */
export const packAccount = (text: string, rules: readonly AddressRule[]): PackedAccount => {
  const policy: UncompiledPolicy = JSON.parse(text);
  const { id, name, certificates } = policy;
  return {
    id,
    name,
    ...compileRules(name, rules),
    fingerprints: certificates.map(({ fingerprint }) => fingerprint),
    policy: text.length > longestText ? policy : text,
  };
};

export const unpackAccount = ({ policy, addresses, unreadable }: PackedAccount): AccountPolicy => ({
  ...(typeof policy === 'string' ? (JSON.parse(policy) as UncompiledPolicy) : policy),
  addresses,
  unreadable,
});
