/**
 * Allowlists as compiled sets that answer "until when is this address admitted?" from memory. An empty set admits nobody.
 *
 * A set cuts the rules of each family into sorted, disjoint ranges, each with the latest expiry of the rules that cover
 * it, searched by bisection: O(log n) comparisons and no allocation per look-up, however many rules overlap or expire.
 */

import { type Address, parseRange, type Range, wordsOf } from './cidr.ts';

/**
 * Sorted, disjoint, inclusive ranges of one family: for each the words of its low bound, those of its high bound, and the
 * epoch milliseconds at which it stops admitting (Infinity: never). A typed array would take 200 bytes before its first word.
 */
type RangeTable = readonly number[];

const noRanges: RangeTable = [];

export interface AddressSet {
  readonly v4: RangeTable;
  readonly v6: RangeTable;
}

interface ExpiringCidr {
  readonly cidr: string;
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
}

/** `until`: epoch milliseconds; Infinity: never. */
export type ExpiringRange = Range & { readonly until: number };

const byPosition = (a: ExpiringRange, b: ExpiringRange): number => {
  if (a.low !== b.low) return a.low < b.low ? -1 : 1;
  return a.high > b.high ? -1 : Number(a.high < b.high);
};

/** CIDRs lie apart or within each other, so the ones around a position form a stack: O(n log n). */
const compileFamily = (family: 4 | 6, all: readonly ExpiringRange[]): RangeTable => {
  const ranges = all.filter((range) => range.family === family).sort(byPosition);
  if (ranges.length === 0) return noRanges;
  const cuts = [...new Set(ranges.flatMap(({ low, high }) => [low, high + 1n]))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const around: { high: bigint; until: number }[] = [];
  const pieces: { low: bigint; high: bigint; until: number }[] = [];
  let next = 0;
  for (const [index, low] of cuts.entries()) {
    while (around.length > 0 && (around.at(-1)?.high ?? 0n) < low) around.pop();
    for (; ranges[next]?.low === low; next += 1) {
      const { high, until } = ranges[next] as ExpiringRange;
      around.push({ high, until: Math.max(until, around.at(-1)?.until ?? 0) });
    }
    const until = around.at(-1)?.until ?? 0;
    if (until === 0) continue;
    const high = (cuts[index + 1] ?? low + 1n) - 1n;
    const last = pieces.at(-1);
    if (last && last.high + 1n === low && last.until === until) last.high = high;
    else pieces.push({ low, high, until });
  }
  return pieces.flatMap(({ low, high, until }) => [...wordsOf(low, family), ...wordsOf(high, family), until]);
};

/**
 * @param rules CIDRs as `parseCidr` normalised them, or as PostgreSQL prints those
 * @throws RangeError when one is not a CIDR
 */
export const readRules = (rules: readonly ExpiringCidr[]): readonly ExpiringRange[] =>
  rules.map(({ cidr, expiresAt }) => {
    const range = parseRange(cidr);
    if (range === undefined) throw new RangeError(`${JSON.stringify(cidr)} is not a CIDR.`);
    return { ...range, until: expiresAt ?? Number.POSITIVE_INFINITY };
  });

export const compileRanges = (ranges: readonly ExpiringRange[]): AddressSet => ({
  v4: compileFamily(4, ranges),
  v6: compileFamily(6, ranges),
});

/** As `readRules` and `compileRanges`. */
export const compileAddresses = (rules: readonly ExpiringCidr[]): AddressSet =>
  compileRanges(readRules(rules));

/** Negative, zero or positive as `address` is below, equal to or above the bound that starts at `table[offset]`. */
const compareAt = (address: Address, table: RangeTable, offset: number): number => {
  for (let word = 0; word < address.length; word += 1) {
    const difference = (address[word] as number) - (table[offset + word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Until when the set admits `address`: epoch milliseconds (perhaps past), Infinity for ever, 0 for not at all. */
export const admittedUntil = (set: AddressSet, address: Address): number => {
  const width = address.length;
  const table = width === 1 ? set.v4 : set.v6;
  const stride = 2 * width + 1;
  let first = 0;
  let last = table.length / stride - 1;
  while (first <= last) {
    const middle = (first + last) >> 1;
    const offset = middle * stride;
    if (compareAt(address, table, offset) < 0) last = middle - 1;
    else if (compareAt(address, table, offset + width) > 0) first = middle + 1;
    else return table[offset + 2 * width] as number;
  }
  return 0;
};
