import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { isUsableKey, judgeAddress, judgeDatabase, judgeUser } from '../../src/policy/judge.ts';
import { accountWith, address, bookOf, certificate, key, now, rule } from './sample-account.ts';

const account = accountWith();
const sentence = (verdict: unknown): string | null => (verdict instanceof Refusal ? verdict.message : null);

describe('an address', () => {
  const judged = (text: string, changes: Parameters<typeof accountWith>[0] = {}) =>
    sentence(judgeAddress(accountWith(changes), address(text), text, now));

  it.each([
    ['198.51.100.1', {}, null],
    ['::ffff:198.51.100.1', {}, null],
    [
      '203.0.113.1',
      {},
      'address-refused: The address 203.0.113.1 is not in the allowlist of the account "demo".',
    ],
    [
      '198.51.100.1',
      { addressRules: [] },
      'address-refused: The address 198.51.100.1 is not in the allowlist of the account "demo".',
    ],
    [
      '198.51.100.1',
      { addressRules: [rule('198.51.100.0/24', now)] },
      'address-refused: The address 198.51.100.1 is not in the allowlist of the account "demo".',
    ],
    ['198.51.100.1', { addressRules: [rule('198.51.100.0/24', now + 1)] }, null],
    ['198.51.100.1', { enabled: false }, 'account-disabled: The account "demo" is disabled.'],
  ])('%s is judged by rules, expiry and account: %o', (text, changes, expected) => {
    expect(judged(text, changes)).toBe(expected);
  });

  it('that nobody understands is refused', () => {
    expect(sentence(judgeAddress(account, undefined, 'somewhere', now))).toContain('address-refused');
  });
});

describe('a user', () => {
  const optional = bookOf(
    account,
    accountWith({ id: 'account-2', name: 'open', certificates: [], clientCertificate: 'optional' }),
  );
  const owner = { account, certificate };
  const judged = (user: string, withCertificate: boolean, from = '198.51.100.1') =>
    judgeUser(user, withCertificate ? owner : null, optional, address(from), now);

  it('is the account of the certificate', () => {
    expect(judged('demo', true)).toBe(account);
  });

  it.each(['other', 'open', 'Demo', 'demo ', ''])('%j is not, with the certificate of demo', (user) => {
    expect(sentence(judged(user, true))).toContain(
      `user-mismatch: The certificate belongs to the account "demo"`,
    );
  });

  it('without certificate is an account that does without, from an address of its own', () => {
    expect(judged('open', false)).toMatchObject({ name: 'open' });
  });

  it.each([
    ['one that needs a certificate', 'demo', '198.51.100.1'],
    ['one that does not, from elsewhere', 'open', '203.0.113.1'],
    ['one that does not exist', 'nobody', '198.51.100.1'],
  ])('without certificate cannot be %s, and cannot tell these apart', (_name, user, from) => {
    expect(sentence(judged(user, false, from))).toBe('certificate-missing: The client sent no certificate.');
  });

  it('is shown on one line and bounded', () => {
    expect(sentence(judged(`a\n\u202e${'x'.repeat(100)}`, true))).toBe(
      `user-mismatch: The certificate belongs to the account "demo" and not to the user "a\ufffd\ufffd${'x'.repeat(60)}".`,
    );
  });
});

describe('a database', () => {
  it.each(['demo_db', 'demo', 'maps'])('%s is the one of the account', (name) => {
    expect(judgeDatabase(account, name)).toBe('demo_db');
  });

  it.each(['', 'postgres', 'DEMO_DB', 'maps '])('%j is unknown', (name) => {
    expect(sentence(judgeDatabase(account, name))).toContain(`database-unknown: The database "${name}"`);
  });
});

describe('an API key', () => {
  it.each([
    [{}, true],
    [{ expiresAt: now + 1 }, true],
    [{ expiresAt: now }, false],
    [{ state: 'provisioning' as const }, false],
    [{ state: 'revoking' as const }, false],
    [{ state: 'revoked' as const }, false],
  ])('with %o may be used: %s', (changes, usable) => {
    expect(isUsableKey({ ...key, ...changes }, now)).toBe(usable);
  });
});
