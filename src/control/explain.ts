/**
 * Would this client be let in, and what decides it? Judges the store's present policy by the gate's own functions;
 * asks no gate and no network, so limits, throttling and a backend that is down are not part of the answer.
 */

import { RequestError } from '../errors.ts';
import type { AccountPolicy, Certificate, WrittenPolicy } from '../policy/account.ts';
import { displayAddress, parseAddress } from '../policy/cidr.ts';
import { listKeys } from '../store/api-keys.ts';
import type { StoredCertificate } from '../store/certificates.ts';
import { loadAccountPolicy } from '../store/policy.ts';
import type { StoreContext } from './context.ts';
import { existingAccount, existingCertificate } from './existing.ts';
import {
  accountVerdict,
  addressRuleVerdict,
  addressVerdict,
  certificateVerdict,
  keyVerdict,
  noAddressRuleVerdict,
  noCertificateVerdict,
  noKeyVerdict,
  revokedKeyVerdict,
  type Told,
  unreadableRulesVerdict,
  type Verdict,
} from './verdicts.ts';

/** null: judge all that the account has. */
export interface Question {
  readonly address: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

export interface Lock {
  readonly lock: 'account' | 'certificate' | 'address' | 'key';
  /** At least one of its verdicts does. */
  readonly opens: boolean;
  readonly verdicts: readonly Verdict[];
}

export interface Explanation {
  readonly account: string;
  readonly admitted: boolean;
  /** What the client would be told by the first lock that stays closed; null: it would be admitted. */
  readonly told: Told | null;
  /** In the order in which the gate asks. */
  readonly locks: readonly Lock[];
}

type Reader = Pick<StoreContext, 'store' | 'now'>;

/** @throws RequestError when account, certificate or key are missing, or the address is none */
export async function explain(
  context: Reader,
  accountName: string,
  question: Question,
): Promise<Explanation> {
  const { id, name } = await existingAccount(context.store, accountName);
  const account = await loadAccountPolicy(context.store, id);
  if (account === undefined) throw new RequestError(`The account "${name}" was deleted meanwhile.`);
  const nowMs = context.now();
  const locks = [
    lock('certificate', await certificateVerdicts(context, account, question.certificate, nowMs)),
    lock('account', [accountVerdict(account)]),
    lock('address', addressVerdicts(account, question.address, nowMs)),
    lock('key', await keyVerdicts(context, account, question.key, nowMs)),
  ];
  const closed = locks.find(({ opens }) => !opens);
  return {
    account: name,
    admitted: closed === undefined,
    told: closed?.verdicts[0]?.told ?? null,
    locks,
  };
}

const lock = (name: Lock['lock'], verdicts: readonly Verdict[]): Lock => ({
  lock: name,
  opens: verdicts.some(({ opens }) => opens),
  verdicts,
});

/** A certificate that expired long ago is no longer part of policy. */
const fromStore = ({ fingerprintSha256, ...stored }: StoredCertificate): Certificate => ({
  ...stored,
  fingerprint: fingerprintSha256,
  notBefore: stored.notBefore.getTime(),
  notAfter: stored.notAfter.getTime(),
  revokedAt: stored.revokedAt?.getTime() ?? null,
});

async function certificateVerdicts(
  { store }: Reader,
  account: AccountPolicy,
  name: string | null,
  nowMs: number,
): Promise<readonly Verdict[]> {
  const { certificates, clientCertificate } = account;
  if (name !== null) {
    const stored = await existingCertificate(store, await existingAccount(store, account.name), name);
    return [certificateVerdict(account, fromStore(stored), nowMs)];
  }
  const judged = certificates.map((certificate) => certificateVerdict(account, certificate, nowMs));
  return judged.length === 0 || clientCertificate === 'optional'
    ? [noCertificateVerdict(account), ...judged]
    : judged;
}

function addressVerdicts(account: WrittenPolicy, text: string | null, nowMs: number): readonly Verdict[] {
  if (account.unreadable !== null) return [unreadableRulesVerdict(account, account.unreadable, text, nowMs)];
  if (text !== null) {
    const address = parseAddress(text);
    if (address === undefined) {
      throw new RequestError(
        `${JSON.stringify(text)} is not an address: write one like 203.0.113.7 or 2001:db8::7.`,
      );
    }
    return [addressVerdict(account, address, displayAddress(text), nowMs)];
  }
  const { addressRules } = account;
  return addressRules.length === 0
    ? [noAddressRuleVerdict(account, nowMs)]
    : addressRules.map((rule) => addressRuleVerdict(account, rule, nowMs));
}

async function keyVerdicts(
  { store }: Reader,
  account: AccountPolicy,
  name: string | null,
  nowMs: number,
): Promise<readonly Verdict[]> {
  if (name === null) {
    return account.keys.length === 0
      ? [noKeyVerdict(account)]
      : account.keys.map((key) => keyVerdict(account, key, nowMs));
  }
  const known = account.keys.find((key) => key.name === name);
  if (known !== undefined) return [keyVerdict(account, known, nowMs)];
  const revoked = (await listKeys(store, account.id)).findLast(
    (key) => key.name === name && key.state === 'revoked',
  );
  if (revoked !== undefined) return [revokedKeyVerdict(account, name, revoked.revokedAt)];
  throw new RequestError(
    `The account "${account.name}" has and had no API key named ${JSON.stringify(name)}.`,
  );
}
