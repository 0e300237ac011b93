import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admittedUntil, compileAddresses } from '../../src/policy/addresses.ts';
import { parseAddress, parseCidr } from '../../src/policy/cidr.ts';
import { createStore, type TestStore } from '../support/store.ts';

let store: TestStore;
beforeAll(async () => {
  store = await createStore();
});
afterAll(() => store.drop());

const mappedPrefix = 0xffffn << 32n;
const dotted = (value: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
const words = (value: bigint, count: number): string =>
  Array.from({ length: count }, (_, index) =>
    ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  ).join(':');
/** 128 bits as PostgreSQL has to see them for the same answer: a mapped address is the IPv4 one. */
const canonical = (value: bigint): string => (value >> 32n === 0xffffn ? dotted(value) : words(value, 8));

const spellings: readonly ((value: bigint) => string)[] = [
  (value) => words(value, 8),
  (value) => words(value, 8).toUpperCase(),
  (value) => `${words(value, 6)}:${dotted(value)}`,
  (value) => new URL(`http://[${words(value, 8)}]`).hostname.slice(1, -1),
];

/** A rule in some spelling with the number behind it, and the bits by which addresses to judge differ from it. */
const rule = fc
  .record({
    low: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
    high: fc.oneof(
      fc.constant(mappedPrefix),
      fc.constant(0n),
      fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }).map((value) => value << 32n),
    ),
    hostBits: fc.integer({ min: 0, max: 128 }),
    spelling: fc.constantFrom(...spellings),
    asIpv4: fc.boolean(),
    flipped: fc.array(fc.integer({ min: 0, max: 127 }), { minLength: 1, maxLength: 3 }),
  })
  .map(({ low, high, hostBits, spelling, asIpv4, flipped }) => {
    const value = high | low;
    const isIpv4 = high === mappedPrefix;
    const bits = isIpv4 ? hostBits % 33 : hostBits;
    const text = isIpv4 && asIpv4 ? `${dotted(value)}/${32 - bits}` : `${spelling(value)}/${128 - bits}`;
    return { text, judged: [value, ...flipped.map((bit) => value ^ (1n << BigInt(bit)))].map(canonical) };
  });

describe('an allowlist', () => {
  it('admits, after a way through the store, whom PostgreSQL counts among its networks', async () => {
    const cases = fc.sample(rule, 600).flatMap(({ text, judged }) => {
      const { cidr } = parseCidr(text);
      return judged.map((address, index) => ({ text, cidr, address, isItself: index === 0 }));
    });
    await store.owner.query('CREATE TABLE postern.networks (number int, network cidr)');
    await store.owner.query('INSERT INTO postern.networks SELECT * FROM unnest($1::int[], $2::cidr[])', [
      [...cases.keys()],
      cases.map(({ cidr }) => cidr),
    ]);
    const { rows } = await store.owner.query<{ stored: string; covered: boolean }>(
      `SELECT network AS stored, ($1::inet[])[number + 1] <<= network AS covered FROM postern.networks ORDER BY number`,
      [cases.map(({ address }) => address)],
    );
    const differing = cases.flatMap((given, number) => {
      const { stored, covered } = rows[number] ?? { stored: '', covered: false };
      const address = parseAddress(given.address) ?? new Uint32Array(1);
      const admitted = admittedUntil(compileAddresses([{ cidr: stored, expiresAt: null }]), address) > 0;
      const same = parseCidr(stored).cidr === given.cidr && admitted === covered;
      return same && (covered || !given.isItself) ? [] : [{ ...given, stored, covered, admitted }];
    });
    expect(differing).toEqual([]);
    // Both answers must have come up, or this compares nothing.
    expect(new Set(rows.map(({ covered }) => covered)).size).toBe(2);
  });
});
