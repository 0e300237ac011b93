/**
 * The decisions of the gate as pure functions over immutable values: given what a peer presented and what the policy
 * says, either the value to go on with or the Refusal to tell. `explain` asks the same functions, so that what it
 * says is what the gate does.
 */

import { Refusal } from '../errors.ts';
import type { AccountOutline, AccountPolicy, ApiKey, Certificate } from './account.ts';
import { admittedUntil } from './addresses.ts';
import type { CertificateOwner, PolicyView } from './book.ts';
import type { Address } from './cidr.ts';
import { digestOf } from './key-text.ts';

/** What the TLS layer found out about the peer's certificate; times are epoch milliseconds. */
export interface PresentedCertificate {
  readonly fingerprint: string;
  readonly commonName: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** OpenSSL's verdict on the chain (`CERT_HAS_EXPIRED`, `INVALID_PURPOSE`, …); null: trusted. */
  readonly chainError: string | null;
}

const day = (epochMs: number): string =>
  new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');

const judgeChain = ({ chainError, notBefore, notAfter }: PresentedCertificate): Refusal | null => {
  switch (chainError) {
    case null:
      return null;
    case 'CERT_HAS_EXPIRED':
      return new Refusal('certificate-expired', { date: day(notAfter) });
    case 'CERT_NOT_YET_VALID':
      return new Refusal('certificate-not-yet-valid', { date: day(notBefore) });
    case 'INVALID_PURPOSE':
      return new Refusal('certificate-unsuitable');
    default:
      return new Refusal('certificate-foreign', {}, { cause: chainError });
  }
};

const judgeRecord = (certificate: Certificate, nowMs: number): Refusal | null => {
  if (certificate.revokedAt !== null) {
    return new Refusal('certificate-revoked', { date: day(certificate.revokedAt) });
  }
  if (nowMs >= certificate.notAfter)
    return new Refusal('certificate-expired', { date: day(certificate.notAfter) });
  if (nowMs < certificate.notBefore) {
    return new Refusal('certificate-not-yet-valid', { date: day(certificate.notBefore) });
  }
  return null;
};

/** Whose certificate this is, if it is good now. A trusted chain is not enough: it must be on record here. */
export const judgeCertificate = (
  presented: PresentedCertificate,
  policy: Pick<PolicyView, 'ownerOf'>,
  nowMs: number,
): CertificateOwner | Refusal => {
  const chain = judgeChain(presented);
  if (chain) return chain;
  const owner = policy.ownerOf(presented.fingerprint);
  if (!owner || owner.account.name !== presented.commonName) return new Refusal('certificate-foreign');
  return judgeRecord(owner.certificate, nowMs) ?? owner;
};

/** Whether the account may be used at all. */
export const judgeAccount = (account: AccountPolicy): Refusal | null =>
  account.enabled ? null : new Refusal('account-disabled', { account: account.name });

const admits = ({ addresses }: AccountOutline, address: Address | undefined, nowMs: number): boolean =>
  address !== undefined && admittedUntil(addresses, address) > nowMs;

/** Whether the account may be used from this address. */
export const judgeAddress = (
  account: AccountPolicy,
  address: Address | undefined,
  shown: string,
  nowMs: number,
): Refusal | null => {
  const disabled = judgeAccount(account);
  if (disabled) return disabled;
  return admits(account, address, nowMs)
    ? null
    : new Refusal('address-refused', { account: account.name, address: shown });
};

/** A name from the client as messages may show it: one line, no control characters, bounded. */
const shownName = (name: string): string => name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}').slice(0, 63);

/**
 * The account behind a user name: the certificate's, or, where there is no certificate, one whose policy does
 * without. Every other case without certificate gets the same answer, so that nobody can probe for account names.
 */
export const judgeUser = (
  user: string,
  owner: CertificateOwner | null,
  policy: PolicyView,
  address: Address | undefined,
  nowMs: number,
): AccountPolicy | Refusal => {
  if (owner) {
    if (user === owner.account.name) return owner.account;
    return new Refusal('user-mismatch', { user: shownName(user), account: owner.account.name });
  }
  const outline = policy.outlineNamed(user);
  const mayBe = outline?.clientCertificate === 'optional' && admits(outline, address, nowMs);
  const account = mayBe ? policy.accountWithId(outline.id) : undefined;
  return account && !judgeAccount(account) ? account : new Refusal('certificate-missing');
};

/** The real database behind the name that the client gave: its own name, the account's name or an alias. */
export const judgeDatabase = (account: AccountPolicy, database: string): string | Refusal => {
  const known =
    database === account.database || database === account.name || account.databaseAliases.includes(database);
  return known ? account.database : new Refusal('database-unknown', { database: shownName(database) });
};

/** The key that a password is the text of. Comparing digests tells nothing: who controls one already knows its preimage. */
export const keyOfPassword = (keys: readonly ApiKey[], password: string): ApiKey | undefined => {
  const digest = digestOf(password);
  return keys.find((key) => key.digest === digest);
};

/** Whether an API key that was proved may be used now. */
export const isUsableKey = (key: ApiKey, nowMs: number): boolean =>
  key.state === 'active' && (key.expiresAt === null || nowMs < key.expiresAt);
