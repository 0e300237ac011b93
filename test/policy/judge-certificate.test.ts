import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { judgeCertificate, type PresentedCertificate } from '../../src/policy/judge.ts';
import { accountWith, bookOf, certificate, hourMs, now } from './sample-account.ts';

const account = accountWith();
const book = bookOf(account);
const presented: PresentedCertificate = {
  fingerprint: certificate.fingerprint,
  commonName: 'demo',
  notBefore: certificate.notBefore,
  notAfter: certificate.notAfter,
  chainError: null,
};
const sentence = (verdict: unknown): string | null => (verdict instanceof Refusal ? verdict.message : null);

describe('a certificate', () => {
  it('on record and good now belongs to its account', () => {
    expect(judgeCertificate(presented, book, now)).toEqual(book.ownerOf(certificate.fingerprint));
  });

  it.each<[Partial<PresentedCertificate>, string]>([
    [
      { chainError: 'CERT_HAS_EXPIRED' },
      'certificate-expired: The client certificate expired on 2026-03-02 12:00 UTC.',
    ],
    [
      { chainError: 'CERT_NOT_YET_VALID' },
      'certificate-not-yet-valid: The client certificate is not valid before 2026-02-28 12:00 UTC.',
    ],
    [
      { chainError: 'INVALID_PURPOSE' },
      'certificate-unsuitable: The certificate is not meant for TLS clients.',
    ],
    [
      { chainError: 'SELF_SIGNED_CERT_IN_CHAIN' },
      'certificate-foreign: The client certificate was not issued by this Postern.',
    ],
    [
      { chainError: 'SOMETHING_NEW' },
      'certificate-foreign: The client certificate was not issued by this Postern.',
    ],
    [
      { fingerprint: '0'.repeat(64) },
      'certificate-foreign: The client certificate was not issued by this Postern.',
    ],
    [{ commonName: 'other' }, 'certificate-foreign: The client certificate was not issued by this Postern.'],
  ])('presented with %o is refused', (changes, expected) => {
    expect(sentence(judgeCertificate({ ...presented, ...changes }, book, now))).toBe(expected);
  });

  it.each([
    [
      { revokedAt: now - hourMs },
      'certificate-revoked: The client certificate was revoked on 2026-03-01 11:00 UTC.',
    ],
    [
      { revokedAt: now + hourMs },
      'certificate-revoked: The client certificate was revoked on 2026-03-01 13:00 UTC.',
    ],
    [{ notAfter: now }, 'certificate-expired: The client certificate expired on 2026-03-01 12:00 UTC.'],
    [
      { notBefore: now + 1 },
      'certificate-not-yet-valid: The client certificate is not valid before 2026-03-01 12:00 UTC.',
    ],
  ])('on record with %o is refused whatever the chain says', (changes, expected) => {
    const changed = bookOf(accountWith({ certificates: [{ ...certificate, ...changes }] }));
    expect(sentence(judgeCertificate(presented, changed, now))).toBe(expected);
  });
});
