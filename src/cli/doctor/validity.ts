/** How long certificates are still good for. Pure. */

import type { X509Certificate } from 'node:crypto';
import { dateText, validityOf } from '../../authority/validity.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const soonMs = 30 * 86_400_000;

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
  if (last <= now) return failed(check, `It expired on ${dateText(last)}.`, renew);
  if (first <= now) return warning(check, `One of its certificates expired on ${dateText(first)}.`, renew);
  if (begin > now) {
    return failed(check, `It is valid only from ${dateText(begin)}.`, 'Check the clock of this computer.');
  }
  if (first - now < soonMs) return warning(check, `It expires on ${dateText(first)}.`, renew);
  return ok(check, `Valid until ${dateText(first)}.`);
};
