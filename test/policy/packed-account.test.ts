import { describe, expect, it } from 'vitest';
import type { WrittenPolicy } from '../../src/policy/account.ts';
import { compileAddresses } from '../../src/policy/addresses.ts';
import { noNetworks } from '../../src/policy/admitted-networks.ts';
import { unpackAccount } from '../../src/policy/packed-account.ts';
import { accountWith, certificate, hourMs, key, now, packed, rule } from './sample-account.ts';

describe('a packed account', () => {
  it.each([
    ['a usual one', accountWith()],
    ['one with rules that expire', accountWith({ addressRules: [rule('2001:db8::/32', now + hourMs)] })],
    ['one with nothing', accountWith({ addressRules: [], certificates: [], keys: [] })],
    [
      'one with strange names',
      accountWith({ name: '"\\\n\u2028\ud800', databaseAliases: ['地図', '__proto__'] }),
    ],
    ['one with very many keys', accountWith({ keys: Array.from({ length: 300 }, () => key) })],
  ])('is %s again when it is unpacked', (_, account) => {
    const { addressRules, ...forGate } = account;
    expect(unpackAccount(packed(account))).toEqual(forGate);
  });

  it('is text until somebody asks, unless reading it would take long', () => {
    const certificates = Array.from({ length: 300 }, () => certificate);
    expect(typeof packed(accountWith()).policy).toBe('string');
    expect(typeof packed(accountWith({ certificates })).policy).toBe('object');
  });

  it('admits nobody when one of its rules cannot be read, and says which', () => {
    const { addressRules } = accountWith();
    const account = { ...accountWith(), addressRules: [...addressRules, { ...addressRules[0], cidr: 'x' }] };
    const { addresses, unreadable, networks } = packed(account as WrittenPolicy);
    expect(unreadable).toBe(
      'The account "demo" admits nobody because of an address rule: "x" is not a CIDR.',
    );
    expect([networks, addresses]).toEqual([noNetworks, compileAddresses([])]);
  });
});
