import { describe, expect, it } from 'vitest';
import { shortCidr, splitEntries, withAddress } from '../../src/web/text/addresses.ts';

describe('addresses as people paste them', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['203.0.113.7', ['203.0.113.7']],
    ['203.0.113.7, 198.51.100.0/24;2001:db8::7', ['203.0.113.7', '198.51.100.0/24', '2001:db8::7']],
    ['203.0.113.7\n198.51.100.1\r\n\t203.0.113.7', ['203.0.113.7', '198.51.100.1']],
    [', ,;', []],
  ])('splits %j', (text, entries) => {
    expect(splitEntries(text)).toEqual(entries);
  });

  it('adds an address to what is there, once', () => {
    expect(withAddress('', '203.0.113.7')).toBe('203.0.113.7');
    expect(withAddress('198.51.100.1', '203.0.113.7')).toBe('198.51.100.1, 203.0.113.7');
    expect(withAddress('198.51.100.1 203.0.113.7', '203.0.113.7')).toBe('198.51.100.1 203.0.113.7');
  });

  it.each([
    ['203.0.113.7/32', '203.0.113.7'],
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['2001:db8::7/128', '2001:db8::7'],
    ['2001:db8::/32', '2001:db8::/32'],
  ])('shows %s as %s', (cidr, shown) => {
    expect(shortCidr(cidr)).toBe(shown);
  });
});
