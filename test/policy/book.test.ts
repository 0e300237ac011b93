import { describe, expect, it } from 'vitest';
import { PolicyBook } from '../../src/policy/book.ts';
import { accountWith, certificate } from './sample-account.ts';

const second = accountWith({
  id: 'account-2',
  name: 'second',
  certificates: [{ ...certificate, id: 'certificate-2', fingerprint: '2'.repeat(64) }],
});

describe('the policy book', () => {
  it('finds an account by name, by id and by the fingerprint of its certificate', () => {
    const book = new PolicyBook();
    const account = accountWith();
    expect(book.replaceAll([account, second])).toEqual(['account-1', 'account-2']);
    expect(book.size).toBe(2);
    expect(book.accountNamed('demo')).toBe(account);
    expect(book.accountWithId('account-2')).toBe(second);
    expect(book.ownerOf(certificate.fingerprint)).toEqual({ account, certificate });
    expect(book.accountNamed('nobody')).toBeUndefined();
    expect(book.ownerOf('0')).toBeUndefined();
  });

  it('forgets what is not in a whole replacement, and tells so', () => {
    const book = new PolicyBook();
    book.replaceAll([accountWith(), second]);
    expect(book.replaceAll([second]).sort()).toEqual(['account-1', 'account-2']);
    expect(book.accountNamed('demo')).toBeUndefined();
    expect(book.ownerOf(certificate.fingerprint)).toBeUndefined();
    expect(book.size).toBe(1);
  });

  it('replaces one account and leaves the others', () => {
    const book = new PolicyBook();
    book.replaceAll([accountWith(), second]);
    const renamed = accountWith({ name: 'renamed', certificates: [] });
    expect(book.apply([renamed], [])).toEqual(['account-1']);
    expect(book.accountNamed('demo')).toBeUndefined();
    expect(book.accountNamed('renamed')).toBe(renamed);
    expect(book.ownerOf(certificate.fingerprint)).toBeUndefined();
    expect(book.ownerOf('2'.repeat(64))).toEqual({ account: second, certificate: second.certificates[0] });
  });

  it('keeps a new account that carries the name of one deleted, in whatever order they come', () => {
    const book = new PolicyBook();
    book.replaceAll([accountWith()]);
    const heir = accountWith({ id: 'account-3', certificates: [] });
    book.apply([heir], []);
    book.apply([], ['account-1']);
    expect(book.accountNamed('demo')).toBe(heir);
    expect(book.apply([], ['account-1', 'unknown'])).toEqual(['account-1', 'unknown']);
    expect(book.size).toBe(1);
  });
});
