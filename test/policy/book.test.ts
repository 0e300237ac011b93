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
    expect(book.outlineNamed('demo')).toMatchObject({ id: 'account-1', clientCertificate: 'required' });
    expect(book.accountWithId('account-1')).toEqual(asKept(account));
    expect(book.accountWithId('account-2')).toEqual(asKept(second));
    expect(book.ownerOf(certificate.fingerprint)).toEqual({ account: asKept(account), certificate });
    expect(book.outlineNamed('nobody')).toBeUndefined();
    expect(book.ownerOf('0')).toBeUndefined();
  });

  it('forgets what is not in a whole replacement, and tells so', () => {
    const book = bookOf(accountWith(), second);
    expect(book.replaceAll([packed(second)]).sort()).toEqual(['account-1', 'account-2']);
    expect(book.outlineNamed('demo')).toBeUndefined();
    expect(book.ownerOf(certificate.fingerprint)).toBeUndefined();
    expect(book.size).toBe(1);
  });

  it('replaces one account and leaves the others', () => {
    const book = bookOf(accountWith(), second);
    const renamed = accountWith({ name: 'renamed', certificates: [] });
    expect(book.apply([packed(renamed)], [])).toEqual(['account-1']);
    expect(book.outlineNamed('demo')).toBeUndefined();
    expect(book.outlineNamed('renamed')?.id).toBe('account-1');
    expect(book.accountWithId('account-1')).toEqual(asKept(renamed));
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
    expect(book.outlineNamed('demo')?.id).toBe('account-3');
    expect(book.accountWithId('account-3')).toEqual(asKept(heir));
    expect(book.apply([], ['account-1', 'unknown'])).toEqual(['account-1', 'unknown']);
    expect(book.size).toBe(1);
  });

  it.each([
    ['its new account comes first', [1, 0]],
    ['its old account comes first', [0, 1]],
  ])('knows whose a certificate is that has moved, when %s', (_, order) => {
    const book = bookOf(accountWith(), second);
    const moved = [
      accountWith({ certificates: [] }),
      accountWith({ id: 'account-2', name: 'second', certificates: [certificate] }),
    ];
    book.apply(order.flatMap((index) => moved.slice(index, index + 1)).map(packed), []);
    expect(book.ownerOf(certificate.fingerprint)?.account.id).toBe('account-2');
  });

  it('tells addresses that some account admits from those of strangers, as accounts come and go', () => {
    const office = rule('203.0.113.0/24');
    const book = bookOf(
      accountWith({ addressRules: [office, rule('2001:db8:1::/48')] }),
      accountWith({ id: 'account-2', addressRules: [office], certificates: [] }),
    );
    const admitted = () =>
      ['203.0.113.255', '203.0.114.0', '2001:db8:1:ffff::', '2001:db8:2::'].map((text) =>
        book.admitsSomewhere(address(text), now),
      );
    expect(admitted()).toEqual([true, false, true, false]);
    book.apply([], ['account-1']);
    expect(admitted()).toEqual([true, false, false, false]);
    book.apply([packed(accountWith({ id: 'account-2', addressRules: [rule('0.0.0.0/0')] }))], []);
    expect(admitted()).toEqual([true, true, false, false]);
    book.replaceAll([]);
    expect(admitted()).toEqual([false, false, false, false]);
  });

  it('counts rules that expire until they do, each for itself', () => {
    const until = (expiresAt: number) => ({ addressRules: [rule('0.0.0.0/0', expiresAt)] });
    const book = bookOf(
      accountWith(until(now + 1)),
      accountWith({ id: 'account-2', ...until(now + hourMs), certificates: [] }),
      accountWith({ id: 'account-3', ...until(now + hourMs), certificates: [] }),
    );
    const admittedAt = (nowMs: number) => book.admitsSomewhere(address('192.0.2.1'), nowMs);
    expect([admittedAt(now), admittedAt(now + 1), admittedAt(now + hourMs)]).toEqual([true, true, false]);
    book.apply([], ['account-3']);
    expect(admittedAt(now + 1)).toBe(true);
    book.apply([], ['account-2']);
    expect([admittedAt(now), admittedAt(now + 1)]).toEqual([true, false]);
  });
});
