import { describe, expect, it } from 'vitest';
import { recheckSession, type SessionClaims } from '../../src/policy/recheck.ts';
import { accountWith, address, certificate, hourMs, key, now, rule } from './sample-account.ts';

const claims: SessionClaims = {
  accountId: 'account-1',
  address: address('198.51.100.1'),
  shownAddress: '198.51.100.1',
  certificateId: certificate.id,
  keyId: key.id,
  keyDigest: key.digest,
};
const withoutCertificate = { ...claims, certificateId: null };

describe('a session whose parts are all good', () => {
  it.each([
    ['the certificate', {}, certificate.notAfter],
    ['the key', { keys: [{ ...key, expiresAt: now + hourMs }] }, now + hourMs],
    ['the address rule', { addressRules: [rule('198.51.100.0/24', now + 1)] }, now + 1],
    [
      'the last of two rules',
      { addressRules: [rule('198.51.100.0/24', now + 1), rule('198.51.100.1/32', now + 5)] },
      now + 5,
    ],
  ])('is admitted until %s ends', (_name, changes, until) => {
    expect(recheckSession(claims, accountWith(changes), now)).toEqual({ kind: 'admitted', until });
  });

  it('is admitted for ever when nothing ends', () => {
    const account = accountWith({ clientCertificate: 'optional' });
    expect(recheckSession(withoutCertificate, account, now)).toEqual({ kind: 'admitted', until: Infinity });
  });
});

describe('a session ends', () => {
  it.each<[string, Parameters<typeof accountWith>[0] | undefined, string]>([
    ['with its account', undefined, 'ended-account-disabled'],
    ['when its account is disabled', { enabled: false }, 'ended-account-disabled'],
    [
      'when its certificate is revoked',
      { certificates: [{ ...certificate, revokedAt: now }] },
      'ended-certificate-revoked',
    ],
    ['when its certificate is off the record', { certificates: [] }, 'ended-certificate-revoked'],
    [
      'when its certificate expires',
      { certificates: [{ ...certificate, notAfter: now }] },
      'ended-certificate-expired',
    ],
    ['when its address rule is removed', { addressRules: [rule('203.0.113.0/24')] }, 'ended-address-removed'],
    [
      'when its address rule expires',
      { addressRules: [rule('198.51.100.0/24', now)] },
      'ended-address-removed',
    ],
    ['when its key is being revoked', { keys: [{ ...key, state: 'revoking' }] }, 'ended-key-revoked'],
    ['when its key is gone', { keys: [] }, 'ended-key-revoked'],
    ['when its key is rotated', { keys: [{ ...key, digest: 'e'.repeat(64) }] }, 'ended-key-rotated'],
    ['when its key expires', { keys: [{ ...key, expiresAt: now }] }, 'ended-key-expired'],
  ])('%s', (_name, changes, code) => {
    const account = changes && accountWith(changes);
    expect(recheckSession(claims, account, now)).toMatchObject({ kind: 'ended', refusal: { code } });
  });

  it('without a certificate when its account begins to ask for one', () => {
    expect(recheckSession(withoutCertificate, accountWith(), now)).toMatchObject({
      kind: 'ended',
      refusal: { code: 'ended-certificate-revoked' },
    });
  });

  it('with a revoked certificate even where the account does without', () => {
    const account = accountWith({
      clientCertificate: 'optional',
      certificates: [{ ...certificate, revokedAt: now }],
    });
    expect(recheckSession(claims, account, now)).toMatchObject({
      refusal: { code: 'ended-certificate-revoked' },
    });
  });

  it('not because another certificate, key or rule of the account is gone', () => {
    const account = accountWith({
      certificates: [certificate, { ...certificate, id: 'certificate-2', revokedAt: now }],
      keys: [{ ...key, id: 'key-2', state: 'revoked' }, key],
      addressRules: [rule('203.0.113.0/24', now), rule('198.51.100.0/24')],
    });
    expect(recheckSession(claims, account, now)).toMatchObject({ kind: 'admitted' });
  });
});
