import { describe, expect, it } from 'vitest';
import type { AccountPolicy, WrittenPolicy } from '../../src/policy/account.ts';
import { PolicyBook } from '../../src/policy/book.ts';
import { unpackAccount } from '../../src/policy/packed-account.ts';
import { accountWith, address, bookOf, certificate, hourMs, now, packed, rule } from './sample-account.ts';

const second = accountWith({
  id: 'account-2',
  name: 'second',
  certificates: [{ ...certificate, id: 'certificate-2', fingerprint: '2'.repeat(64) }],
});

const asKept = (account: WrittenPolicy): AccountPolicy => unpackAccount(packed(account));

describe('the policy book', () => {
  it('finds an account by name, by id and by the fingerprint of its certificate', () => {
    const book = new PolicyBook();
    const account = accountWith();
    expect(book.replaceAll([account, second].map(packed))).toEqual(['account-1', 'account-2']);
    expect(book.size).toBe(2);
    expect(book.accountNamed('demo')).toEqual(asKept(account));
    expect(book.accountWithId('account-2')).toEqual(asKept(second));
    expect(book.ownerOf(certificate.fingerprint)).toEqual({ account: asKept(account), certificate });
    expect(book.accountNamed('nobody')).toBeUndefined();
    expect(book.ownerOf('0')).toBeUndefined();
  });

  it('forgets what is not in a whole replacement, and tells so', () => {
    const book = bookOf(accountWith(), second);
    expect(book.replaceAll([packed(second)]).sort()).toEqual(['account-1', 'account-2']);
    expect(book.accountNamed('demo')).toBeUndefined();
    expect(book.ownerOf(certificate.fingerprint)).toBeUndefined();
    expect(book.size).toBe(1);
  });

  it('replaces one account and leaves the others', () => {
    const book = bookOf(accountWith(), second);
    const renamed = accountWith({ name: 'renamed', certificates: [] });
    expect(book.apply([packed(renamed)], [])).toEqual(['account-1']);
    expect(book.accountNamed('demo')).toBeUndefined();
    expect(book.accountNamed('renamed')).toEqual(asKept(renamed));
    expect(book.ownerOf(certificate.fingerprint)).toBeUndefined();
    expect(book.ownerOf('2'.repeat(64))).toEqual({
      account: asKept(second),
      certificate: second.certificates[0],
    });
  });

  it('keeps a new account that carries the name of one deleted, in whatever order they come', () => {
    const book = bookOf(accountWith());
    const heir = accountWith({ id: 'account-3', certificates: [] });
    book.apply([packed(heir)], []);
    book.apply([], ['account-1']);
    expect(book.accountNamed('demo')).toEqual(asKept(heir));
    expect(book.apply([], ['account-1', 'unknown'])).toEqual(['account-1', 'unknown']);
    expect(book.size).toBe(1);
  });

  it('tells addresses that some account admits from those of strangers, as accounts come and go', () => {
    const office = rule('203.0.113.0/24');
    const expired = rule('192.0.2.0/25', now - hourMs);
    const book = bookOf(
      accountWith({ addressRules: [office, rule('2001:db8:1::/48')] }),
      accountWith({ id: 'account-2', addressRules: [office, expired], certificates: [] }),
    );
    const admitted = () =>
      ['203.0.113.255', '203.0.114.0', '2001:db8:1:ffff::', '2001:db8:2::', '192.0.2.1'].map((text) =>
        book.admitsSomewhere(address(text)),
      );
    expect(admitted()).toEqual([true, false, true, false, true]);
    book.apply([], ['account-1']);
    expect(admitted()).toEqual([true, false, false, false, true]);
    book.apply([packed(accountWith({ id: 'account-2', addressRules: [rule('0.0.0.0/0')] }))], []);
    expect(admitted()).toEqual([true, true, false, false, true]);
    book.replaceAll([]);
    expect(admitted()).toEqual([false, false, false, false, false]);
  });
});
