/**
 * From when until when a certificate is valid. Pure. Times are epoch milliseconds cut to whole seconds, because
 * X.509 knows no fractions and what Postern records must equal what the certificate says.
 */

import type { X509Certificate } from 'node:crypto';
import { RequestError } from '../errors.ts';

export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

const dayMs = 86_400_000;

/** A computer whose clock is a little slow must not refuse a certificate made this minute. */
const clockSkewMs = 5 * 60_000;

const wholeSeconds = (timeMs: number): number => Math.floor(timeMs / 1000) * 1000;

export const validityFor = (days: number, now: number): Validity => ({
  notBefore: wholeSeconds(now - clockSkewMs),
  notAfter: wholeSeconds(now + days * dayMs),
});

/** When the certificate is valid, as it says itself. */
export const validityOf = (certificate: X509Certificate): Validity => ({
  notBefore: certificate.validFromDate.getTime(),
  notAfter: certificate.validToDate.getTime(),
});

/**
 * The part of `wanted` that lies within the issuer's own validity: a chain ends with its first certificate to
 * expire, so a date beyond it would be a promise nobody keeps. Throws RequestError if the issuer is not valid now.
 */
export const within = (wanted: Validity, issuer: Validity, now: number): Validity => {
  if (now >= issuer.notAfter || now < issuer.notBefore) {
    throw new RequestError(
      `The certificate authority is valid from ${dateText(issuer.notBefore)} to ${dateText(issuer.notAfter)} ` +
        'and cannot sign today: renew it, and check the clock of this computer.',
    );
  }
  return {
    notBefore: Math.max(wanted.notBefore, issuer.notBefore),
    notAfter: Math.min(wanted.notAfter, issuer.notAfter),
  };
};

/** `2027-03-01 10:00 UTC` */
export const dateText = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
