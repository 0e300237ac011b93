/**
 * Would a live session still be admitted? Asked when its account's policy changed and when one of its parts is due
 * to expire. Pure; the registry acts on the answer.
 */

import { Refusal } from '../errors.ts';
import type { AccountPolicy, ApiKey, Certificate } from './account.ts';
import { admittedUntil } from './addresses.ts';
import type { Address } from './cidr.ts';

/** What a session was admitted with. */
export interface SessionClaims {
  readonly accountId: string;
  readonly address: Address;
  readonly shownAddress: string;
  /** null: the account does without certificates. */
  readonly certificateId: string | null;
  readonly keyId: string;
  /** The secret that was proved: a rotated key has another. */
  readonly keyDigest: string;
}

export type Recheck =
  | { readonly kind: 'admitted'; readonly until: number }
  | { readonly kind: 'ended'; readonly refusal: Refusal };

const ended = (refusal: Refusal): Recheck => ({ kind: 'ended', refusal });

const judgeClaimedCertificate = (certificate: Certificate | undefined, nowMs: number): Refusal | null => {
  if (certificate === undefined || certificate.revokedAt !== null)
    return new Refusal('ended-certificate-revoked');
  return nowMs >= certificate.notAfter ? new Refusal('ended-certificate-expired') : null;
};

const judgeClaimedKey = (key: ApiKey | undefined, digest: string, nowMs: number): Refusal | null => {
  if (key?.state !== 'active') return new Refusal('ended-key-revoked');
  if (key.digest !== digest) return new Refusal('ended-key-rotated');
  return key.expiresAt !== null && nowMs >= key.expiresAt ? new Refusal('ended-key-expired') : null;
};

/**
 * @param account undefined: it was deleted
 * @returns until when the session stays admitted if nothing changes (epoch ms, Infinity), or why it ends now
 */
export const recheckSession = (
  claims: SessionClaims,
  account: AccountPolicy | undefined,
  nowMs: number,
): Recheck => {
  if (!account?.enabled) return ended(new Refusal('ended-account-disabled'));
  const certificate = account.certificates.find(({ id }) => id === claims.certificateId);
  if (claims.certificateId !== null || account.clientCertificate === 'required') {
    const refusal = judgeClaimedCertificate(certificate, nowMs);
    if (refusal) return ended(refusal);
  }
  const addressUntil = admittedUntil(account.addresses, claims.address);
  if (addressUntil <= nowMs)
    return ended(new Refusal('ended-address-removed', { address: claims.shownAddress }));
  const key = account.keys.find(({ id }) => id === claims.keyId);
  const keyRefusal = judgeClaimedKey(key, claims.keyDigest, nowMs);
  if (keyRefusal) return ended(keyRefusal);
  return {
    kind: 'admitted',
    until: Math.min(addressUntil, certificate?.notAfter ?? Infinity, key?.expiresAt ?? Infinity),
  };
};
