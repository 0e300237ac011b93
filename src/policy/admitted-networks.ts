/**
 * The networks that the allowlists of all accounts name, counted, so that an acquaintance is told from a stranger without
 * a look at every account.
 */

import type { ExpiringRange } from './addresses.ts';
import { type Address, wordsOf } from './cidr.ts';

/** What one account's allowlist names. A network is `24/3405803776`: prefix length and the words of its first address. */
export interface NamedNetworks {
  readonly lasting: readonly string[];
  /** Of rules that expire, with the epoch milliseconds at which they do. */
  readonly expiring: readonly { readonly network: string; readonly until: number }[];
}

export const noNetworks: NamedNetworks = { lasting: [], expiring: [] };

const nameOf = (words: readonly number[], prefixBits: number): string => [prefixBits, ...words].join('/');

export const networksOf = (ranges: readonly ExpiringRange[]): NamedNetworks => {
  const lasts = ({ until }: { readonly until: number }): boolean => until === Number.POSITIVE_INFINITY;
  const named = ranges.map(({ low, family, prefixBits, until }) => ({
    network: nameOf(wordsOf(low, family), prefixBits),
    until,
  }));
  return {
    lasting: named.filter(lasts).map(({ network }) => network),
    expiring: named.filter((each) => !lasts(each)),
  };
};

/** The network of that length in which the address lies. */
const networkAround = (address: Address, prefixBits: number): string =>
  nameOf(
    [...address].map((word, index) => {
      const hostBits = Math.min(32, Math.max(0, 32 * (index + 1) - prefixBits));
      // Shifts by 32 do nothing in JavaScript.
      return hostBits === 32 ? 0 : ((word >>> hostBits) << hostBits) >>> 0;
    }),
    prefixBits,
  );

const count = <Key>(counts: Map<Key, number>, key: Key, change: 1 | -1): void => {
  const now = (counts.get(key) ?? 0) + change;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
};

export class AdmittedNetworks {
  readonly #lasting = new Map<string, number>();
  /** By network, how many rules expire when. */
  readonly #expiring = new Map<string, Map<number, number>>();
  /** Every prefix length that has been in use. */
  readonly #lengths = new Set<number>();

  add(networks: NamedNetworks): void {
    this.#change(networks, 1);
  }

  remove(networks: NamedNetworks): void {
    this.#change(networks, -1);
  }

  include(address: Address, nowMs: number): boolean {
    return this.#lengths.values().some((prefixBits) => {
      if (prefixBits > 32 * address.length) return false;
      const network = networkAround(address, prefixBits);
      if (this.#lasting.has(network)) return true;
      return (
        this.#expiring
          .get(network)
          ?.keys()
          .some((until) => until > nowMs) ?? false
      );
    });
  }

  #change({ lasting, expiring }: NamedNetworks, change: 1 | -1): void {
    for (const network of lasting) count(this.#lasting, network, change);
    for (const { network, until } of expiring) {
      const times = this.#expiring.get(network) ?? new Map<number, number>();
      count(times, until, change);
      if (times.size === 0) this.#expiring.delete(network);
      else this.#expiring.set(network, times);
    }
    for (const network of [...lasting, ...expiring.map((each) => each.network)]) {
      this.#lengths.add(Number.parseInt(network, 10));
    }
  }
}
