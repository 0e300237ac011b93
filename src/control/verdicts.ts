/**
 * The three locks and the account behind them, each judged by the gate's own functions, with the rule that decides
 * and the words that the client would see. Pure: policy and clock in, verdicts out.
 */

import { dateText } from '../authority/validity.ts';
import { Refusal } from '../errors.ts';
import { failureOf } from '../failures.ts';
import type { AccountPolicy, AddressRule, ApiKey, Certificate, WrittenPolicy } from '../policy/account.ts';
import { admittedUntil, compileAddresses } from '../policy/addresses.ts';
import { type Address, parseAddress } from '../policy/cidr.ts';
import { isUsableKey, judgeAccount, judgeAddress, judgeCertificate } from '../policy/judge.ts';

/** As a client sees it. */
export interface Told {
  /** The code of the table in `errors.ts`. */
  readonly reason: string;
  readonly sqlstate: string | null;
  readonly message: string;
  readonly hint: string | null;
}

export interface Verdict {
  /** Which account, certificate, address (or rule) or key; null: there is none to judge. */
  readonly name: string | null;
  readonly opens: boolean;
  /** What decides it, one sentence. */
  readonly because: string;
  /** What the client would be told; null: it opens. */
  readonly told: Told | null;
}

const tell = ({ code, facts }: Refusal): Told => {
  const { sqlstate, message, hint } = failureOf(code);
  return { reason: code, sqlstate, message: message(facts), hint: hint ?? null };
};

const verdict = (name: string | null, because: string, refusal: Refusal | null): Verdict => ({
  name,
  opens: refusal === null,
  because,
  told: refusal === null ? null : tell(refusal),
});

const untilText = (epochMs: number | null): string => (epochMs === null ? '' : ` until ${dateText(epochMs)}`);

export const accountVerdict = (account: AccountPolicy): Verdict => {
  const refusal = judgeAccount(account);
  return verdict(account.name, refusal === null ? 'It is active.' : 'It is disabled.', refusal);
};

/** A certificate as the gate meets it: OpenSSL looks at its dates before anybody looks it up. */
export const certificateVerdict = (
  account: AccountPolicy,
  certificate: Certificate,
  nowMs: number,
): Verdict => {
  const { name, fingerprint, notBefore, notAfter, revokedAt } = certificate;
  const known = account.certificates.find((each) => each.fingerprint === fingerprint);
  const policy = { ownerOf: () => known && { account, certificate: known } };
  const chainError = nowMs >= notAfter ? 'CERT_HAS_EXPIRED' : nowMs < notBefore ? 'CERT_NOT_YET_VALID' : null;
  const presented = { fingerprint, commonName: account.name, notBefore, notAfter, chainError };
  const judged = judgeCertificate(presented, policy, nowMs);
  if (!(judged instanceof Refusal)) return verdict(name, `It is valid until ${dateText(notAfter)}.`, null);
  if (chainError === 'CERT_HAS_EXPIRED') return verdict(name, `It expired on ${dateText(notAfter)}.`, judged);
  if (chainError !== null) return verdict(name, `It is not valid before ${dateText(notBefore)}.`, judged);
  const because =
    revokedAt === null ? 'It is not on record here.' : `It was revoked on ${dateText(revokedAt)}.`;
  return verdict(name, because, judged);
};

/** What a client gets that sends no certificate. */
export const noCertificateVerdict = ({ clientCertificate }: AccountPolicy): Verdict =>
  clientCertificate === 'optional'
    ? verdict(null, 'The account can be used without a certificate.', null)
    : verdict(null, 'The account needs a certificate and has none.', new Refusal('certificate-missing'));

const ruleText = ({ cidr, label }: AddressRule): string => (label === '' ? cidr : `${cidr} "${label}"`);

/** The rule that admits this address for longest, or did until it expired. */
const decidingRule = (rules: readonly AddressRule[], address: Address): AddressRule | undefined =>
  rules
    .map((rule) => ({ rule, until: admittedUntil(compileAddresses([rule]), address) }))
    .filter(({ until }) => until > 0)
    .sort((one, other) => other.until - one.until)[0]?.rule;

/** @param shown the address as people know it */
export const addressVerdict = (
  account: WrittenPolicy,
  address: Address,
  shown: string,
  nowMs: number,
): Verdict => {
  const refusal = judgeAddress({ ...account, enabled: true }, address, shown, nowMs);
  const rule = decidingRule(account.addressRules, address);
  const { length } = account.addressRules;
  if (rule === undefined) {
    const none = length === 0 ? 'The allowlist is empty.' : `None of the ${length} address rules covers it.`;
    return verdict(shown, none, refusal);
  }
  const because =
    refusal === null
      ? `The rule ${ruleText(rule)} admits it${untilText(rule.expiresAt)}.`
      : `The rule ${ruleText(rule)} covers it, but expired on ${dateText(rule.expiresAt ?? 0)}.`;
  return verdict(shown, because, refusal);
};

/** A rule by itself, for whoever names no address: told as to the first address that it covers. */
export const addressRuleVerdict = (account: AccountPolicy, rule: AddressRule, nowMs: number): Verdict => {
  const [first = ''] = rule.cidr.split('/');
  const alone = { ...account, enabled: true, addresses: compileAddresses([rule]) };
  const refusal = judgeAddress(alone, parseAddress(first), first, nowMs);
  const because =
    refusal === null
      ? `The rule ${ruleText(rule)} is in force${untilText(rule.expiresAt)}.`
      : `The rule ${ruleText(rule)} expired on ${dateText(rule.expiresAt ?? 0)}.`;
  return verdict(rule.cidr, because, refusal);
};

export const noAddressRuleVerdict = (account: AccountPolicy, nowMs: number): Verdict =>
  verdict(
    null,
    'The allowlist is empty.',
    judgeAddress({ ...account, enabled: true }, undefined, 'of the client', nowMs),
  );

/** No rule counts as long as one of them cannot be read. @param because the one sentence that says which */
export const unreadableRulesVerdict = (
  account: AccountPolicy,
  because: string,
  shown: string | null,
  nowMs: number,
): Verdict =>
  verdict(
    shown,
    because,
    judgeAddress({ ...account, enabled: true }, undefined, shown ?? 'of the client', nowMs),
  );

const refusedKey = ({ name }: AccountPolicy): Refusal => new Refusal('key-wrong', { user: name });

export const keyVerdict = (account: AccountPolicy, key: ApiKey, nowMs: number): Verdict => {
  const { name, kind, state, expiresAt } = key;
  if (isUsableKey(key, nowMs)) {
    return verdict(name, `It is an active ${kind} key${untilText(expiresAt)}.`, null);
  }
  const because =
    state === 'active' ? `It expired on ${dateText(expiresAt ?? 0)}.` : `It is not active but ${state}.`;
  return verdict(name, because, refusedKey(account));
};

/** The gate no longer knows it. @param revokedAt when, if that is known */
export const revokedKeyVerdict = (account: AccountPolicy, name: string, revokedAt: Date | null): Verdict =>
  verdict(
    name,
    revokedAt === null ? 'It was revoked.' : `It was revoked on ${dateText(revokedAt.getTime())}.`,
    refusedKey(account),
  );

export const noKeyVerdict = (account: AccountPolicy): Verdict =>
  verdict(null, 'The account has no API key.', refusedKey(account));
