import { expect, it } from 'vitest';
import { networkOf } from '../../src/policy/network.ts';

it.each([
  ['2001:db8::1', '2001:db8:0:0:ffff:ffff:ffff:ffff'],
  ['2001:db8::1', '2001:0DB8:0000:0000::2%eth0'],
  ['fe80::1', 'fe80::abcd:1'],
  ['::1', '::2'],
  ['203.0.113.7', '::ffff:203.0.113.7'],
])('%s and %s are one', (one, other) => {
  expect(networkOf(one)).toBe(networkOf(other));
});

it.each([
  ['2001:db8::1', '2001:db8:0:1::1'],
  ['203.0.113.7', '203.0.113.8'],
  ['', 'nowhere'],
  ['no:address', 'no:other'],
])('%s and %s are two', (one, other) => {
  expect(networkOf(one)).not.toBe(networkOf(other));
});
