import fc from 'fast-check';
import IPCIDR from 'ip-cidr';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import { displayAddress, parseAddress, parseCidr } from '../../src/policy/cidr.ts';

describe('parseCidr', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7/32'],
    [' 203.0.113.7/24 ', '203.0.113.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::5', '2001:db8::5/128'],
    ['2001:db8::5/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['::ffff:203.0.113.7', '203.0.113.7/32'],
    ['203.0.113.7/08', '203.0.0.0/8'],
    ['::ffff:203.0.113.7/120', '203.0.113.0/24'],
    ['::FFFF:0:0/96', '0.0.0.0/0'],
    ['::ffff:0.0.0.0/97', '0.0.0.0/1'],
    ['0:0:0:0:0:ffff:cb00:7107/128', '203.0.113.7/32'],
    ['::1.2.3.4', '::102:304/128'],
    ['64:ff9b::203.0.113.7/96', '64:ff9b::/96'],
  ])('normalises %j to %s', (text, cidr) => {
    expect(parseCidr(text).cidr).toBe(cidr);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/-1',
    '::1/129',
    '::1::',
    '010.1.1.1',
    'fe80::1%eth0',
    'db.example',
    '1.2.3.4/8/9',
    '1.2.3.4 5.6.7.8',
    '::ffff:1.2.3.4/129',
    '::ffff:10.0.0.0/8',
    '::ffff:0:0/95',
    '::ffff:1.2.3.256',
    '::ffff:01.2.3.4',
    '::1.2.3',
    '1.2.3.4:5',
  ])('refuses %j in one sentence', (text) => {
    expect(() => parseCidr(text)).toThrow(RequestError);
    expect(() => parseCidr(text)).toThrow(/is not an address: write one like/);
  });
});

describe('parseAddress', () => {
  it.each([
    ['203.0.113.9', [0xcb007109]],
    ['::ffff:203.0.113.9', [0xcb007109]],
    ['0:0:0:0:0:ffff:cb00:7109', [0xcb007109]],
    ['::1.2.3.4', [0, 0, 0, 0x01020304]],
    ['fe80::1%eth0', [0xfe800000, 0, 0, 1]],
  ])('reads %s', (text, words) => {
    expect([...(parseAddress(text) ?? [])]).toEqual(words);
  });

  it.each(['', 'unix', '1.2.3', '1.2.3.4.5', '::g', '1.2.3.4/32', '::ffff:1.2.3.4.5'])(
    'finds no address in %j',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('agrees with ip-cidr on every IPv6 network, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, bits) => {
        // ip-cidr reads no dots at the end of an IPv6 address; mapped ones are IPv4 here.
        fc.pre(!address.includes('.') && !/^(0{0,4}:){0,5}:?ffff:/i.test(address));
        const low = BigInt(new IPCIDR(`${address}/${bits}`).start<bigint>({ type: 'bigInteger' }));
        const groups = low.toString(16).padStart(32, '0').match(/.{4}/g) ?? [];
        const { cidr } = parseCidr(`${address}/${bits}`);
        expect(parseCidr(`${groups.join(':')}/${bits}`).cidr).toBe(cidr);
        const words = parseAddress(cidr.replace(/\/.*/, ''));
        expect([...(words ?? [])].map((word) => word.toString(16).padStart(8, '0')).join('')).toBe(
          groups.join(''),
        );
      }),
    );
  });

  it('shows a mapped address to people as the IPv4 address that it is', () => {
    expect(displayAddress('::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(displayAddress('fe80::1%eth0')).toBe('fe80::1');
  });
});
