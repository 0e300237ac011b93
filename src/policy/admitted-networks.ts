/**
 * The networks that the allowlists of all accounts name, counted, so that an acquaintance is told from a stranger without
 * a look at every account. A rule that has expired counts until its account changes.
 */

import { type Address, parseNetwork } from './cidr.ts';

/** `24/3405803776`: prefix length and the words of the first address. */
const networkKey = (address: Address, prefixBits: number): string => {
  const words = address.map((word, index) => {
    const hostBits = Math.min(32, Math.max(0, 32 * (index + 1) - prefixBits));
    // Shifts by 32 do nothing in JavaScript.
    return hostBits === 32 ? 0 : (word >>> hostBits) << hostBits;
  });
  return [prefixBits, ...words].join('/');
};

/** @param rules CIDRs that can be read */
export const networkKeysOf = (rules: readonly { readonly cidr: string }[]): string[] =>
  rules.flatMap(({ cidr }) => {
    const network = parseNetwork(cidr);
    return network ? [networkKey(network.first, network.prefixBits)] : [];
  });

export class AdmittedNetworks {
  readonly #counts = new Map<string, number>();
  /** Every prefix length that has been in use. */
  readonly #lengths = new Set<number>();

  add(keys: readonly string[]): void {
    for (const key of keys) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      this.#lengths.add(Number.parseInt(key, 10));
    }
  }

  remove(keys: readonly string[]): void {
    for (const key of keys) {
      const left = (this.#counts.get(key) ?? 0) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    }
  }

  include(address: Address): boolean {
    return this.#lengths
      .values()
      .some((bits) => bits <= 32 * address.length && this.#counts.has(networkKey(address, bits)));
  }
}
