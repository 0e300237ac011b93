/** How long certificates are still good for. Pure. */

import type { X509Certificate } from 'node:crypto';
import { commonNameOf } from '../../authority/authority-name.ts';
import { dateText, validityOf } from '../../authority/validity.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const soonMs = 30 * 86_400_000;

/** Of several certificates each by its name: while a CA is replaced, the old and the next stand in one file. */
const seenOf = (certificates: readonly X509Certificate[], now: number): string => {
  const said = (certificate: X509Certificate): string => {
    const { notAfter } = validityOf(certificate);
    return `${notAfter <= now ? 'expired on' : 'valid until'} ${dateText(notAfter)}`;
  };
  return certificates.map((each) => `"${commonNameOf(each)}" ${said(each)}`).join(', ');
};

/**
 * One finding about the certificates of one file. Of several CAs the old one may be on its way out, so that only the
 * last one to expire decides about failure.
 * @param renew what to do when the time is up
 */
export const judgeValidity = (
  check: string,
  certificates: readonly X509Certificate[],
  renew: string,
  now: number,
): Finding => {
  const validities = certificates.map(validityOf);
  const first = Math.min(...validities.map(({ notAfter }) => notAfter));
  const last = Math.max(...validities.map(({ notAfter }) => notAfter));
  const begin = Math.max(...validities.map(({ notBefore }) => notBefore));
  const several =
    certificates.length > 1 ? `${certificates.length} certificates: ${seenOf(certificates, now)}.` : null;
  if (last <= now) return failed(check, several ?? `It expired on ${dateText(last)}.`, renew);
  if (first <= now) return warning(check, several ?? `It expired on ${dateText(first)}.`, renew);
  if (begin > now) {
    return failed(check, `It is valid only from ${dateText(begin)}.`, 'Check the clock of this computer.');
  }
  if (first - now < soonMs) return warning(check, several ?? `It expires on ${dateText(first)}.`, renew);
  return ok(check, several ?? `Valid until ${dateText(first)}.`);
};
