import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admittedUntil, compileAddresses } from '../../src/policy/addresses.ts';
import { parseAddress, parseCidr } from '../../src/policy/cidr.ts';

const admits = (cidrs: readonly string[], address: string): boolean => {
  const parsed = parseAddress(address);
  if (!parsed) throw new Error(`${address} is no address`);
  const rules = cidrs.map((text) => ({ cidr: parseCidr(text).cidr, expiresAt: null }));
  return admittedUntil(compileAddresses(rules), parsed) > 0;
};

describe('an address set', () => {
  it('admits nobody when it is empty', () => {
    expect(admits([], '127.0.0.1')).toBe(false);
    expect(admits([], '::1')).toBe(false);
  });

  it.each([
    [['203.0.113.0/24'], '203.0.113.255', true],
    [['203.0.113.0/24'], '203.0.114.0', false],
    [['203.0.113.0/24'], '::ffff:203.0.113.9', true],
    [['203.0.113.0/24'], '::ffff:cb00:7109', true],
    [['0.0.0.0/0'], '255.255.255.255', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '203.0.113.9', false],
    [['::/0'], '::ffff:203.0.113.9', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::', false],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['10.0.0.0/9', '10.128.0.0/9', '10.1.0.0/16'], '10.200.0.1', true],
  ])('%j admits %s: %s', (cidrs, address, expected) => {
    expect(admits(cidrs, address)).toBe(expected);
  });

  it('is not made of what is no CIDR', () => {
    expect(() => compileAddresses([{ cidr: 'nonsense', expiresAt: null }])).toThrow(
      new RangeError('"nonsense" is not a CIDR.'),
    );
  });

  it('answers with the latest expiry among the rules that cover an address', () => {
    const set = compileAddresses([
      { cidr: '10.0.0.0/8', expiresAt: 1_000 },
      { cidr: '10.1.0.0/16', expiresAt: 5_000 },
      { cidr: '10.1.2.0/24', expiresAt: null },
    ]);
    const until = (address: string) => admittedUntil(set, parseAddress(address) ?? new Uint32Array(1));
    expect(until('10.0.0.1')).toBe(1_000);
    expect(until('10.1.0.1')).toBe(5_000);
    expect(until('10.1.2.3')).toBe(Number.POSITIVE_INFINITY);
    expect(until('10.1.3.1')).toBe(5_000);
    expect(until('10.255.255.255')).toBe(1_000);
    expect(until('11.0.0.0')).toBe(0);
  });

  it('agrees with a plain scan of the rules, whatever the rules and the address', () => {
    const ipv4 = fc.ipV4();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })), { maxLength: 12 }),
        ipv4,
        (rules, address) => {
          const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
          const expected = rules.some(([base, bits]) => {
            const size = 2 ** (32 - bits);
            return Math.floor(number(base) / size) === Math.floor(number(address) / size);
          });
          expect(
            admits(
              rules.map(([base, bits]) => `${base}/${bits}`),
              address,
            ),
          ).toBe(expected);
        },
      ),
    );
  });
});

describe('compiling', () => {
  it('agrees with a plain scan when rules nest, repeat and expire', () => {
    const rule = fc.record({
      base: fc.integer({ min: 0, max: 255 }),
      bits: fc.integer({ min: 24, max: 32 }),
      until: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 20 }), fc.integer({ min: 0, max: 255 }), (rules, last) => {
        const set = compileAddresses(
          rules.map(({ base, bits, until }) => ({
            cidr: parseCidr(`192.0.2.${base}/${bits}`).cidr,
            expiresAt: until,
          })),
        );
        const around = rules.filter(({ base, bits }) => base >> (32 - bits) === last >> (32 - bits));
        const expected = Math.max(0, ...around.map(({ until }) => until ?? Number.POSITIVE_INFINITY));
        expect(admittedUntil(set, parseAddress(`192.0.2.${last}`) ?? new Uint32Array(1))).toBe(expected);
      }),
    );
  });
});
