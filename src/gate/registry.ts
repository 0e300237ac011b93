/**
 * The register of this gate's live sessions: cancel keys, and the re-check of what the policy still admits. `admit`
 * judges and registers in one tick, so that nothing revoked during a login slips through; limits are the instance's.
 */

import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Refusal } from '../errors.ts';
import type { AccountPolicy } from '../policy/account.ts';
import { admittedUntil } from '../policy/addresses.ts';
import type { PolicyView } from '../policy/book.ts';
import type { Address } from '../policy/cidr.ts';
import { recheckSession } from '../policy/recheck.ts';
import { answerWithin } from './answer.ts';
import { type CancelKey, type Instance, type SessionEntry, unlessDenied } from './instance.ts';
import type { Session } from './session.ts';

interface IssuedCancelKey {
  readonly session: Session;
  readonly secret: Buffer;
  readonly digests: readonly string[];
}

const entryOf = ({ id, claims, facts }: Session): SessionEntry => ({
  id,
  accountId: claims.accountId,
  address: claims.shownAddress,
  certificateId: claims.certificateId,
  keyId: claims.keyId,
  applicationName: facts.applicationName ?? '',
  startedAt: new Date(facts.startedAtMs),
});

/** How long after its accept a session counts as one that has just come. */
const newcomerMs = 1_000;

type SessionPlaces = Pick<Instance, 'enterSession' | 'leaveSession'>;

export class SessionRegistry {
  readonly #instance: SessionPlaces;
  readonly #policy: PolicyView;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #byAccount = new Map<string, Set<Session>>();
  readonly #digestsOf: (key: CancelKey) => readonly string[];
  readonly #cancelKeys = new Map<number, IssuedCancelKey>();
  readonly #byDigest = new Map<string, Session>();
  #emptied: (() => void) | null = null;
  #draining: Refusal | null = null;

  /** @param digestsOf by what other instances may name a cancel key */
  constructor(
    instance: SessionPlaces,
    policy: PolicyView,
    now: () => number,
    digestsOf: (key: CancelKey) => readonly string[],
  ) {
    this.#instance = instance;
    this.#policy = policy;
    this.#now = now;
    this.#digestsOf = digestsOf;
  }

  get size(): number {
    return this.#sessions.size;
  }

  sessions(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** @throws Refusal a limit, or what the policy has against the session by now; the signal's reason */
  async admit(session: Session, signal: AbortSignal): Promise<void> {
    const { accountId } = session.claims;
    const limit = this.#policy.accountWithId(accountId)?.maxSessions ?? null;
    try {
      unlessDenied(await answerWithin(this.#instance.enterSession(entryOf(session), limit), signal));
      const verdict = recheckSession(session.claims, this.#policy.accountWithId(accountId), this.#now());
      if (verdict.kind === 'ended') throw verdict.refusal;
      session.admittedUntilMs = verdict.until;
    } catch (error) {
      // Perhaps it is granted later. What is sent arrives in order, and leaving a place that one does not have is harmless.
      this.#instance.leaveSession(session.id);
      throw error;
    }
    this.#sessions.set(session.id, session);
    this.#byAccount.set(accountId, (this.#byAccount.get(accountId) ?? new Set()).add(session));
    if (this.#draining) this.#endSoon(session, this.#draining);
  }

  /** Forgets the session and its cancel key; harmless when it was never admitted. */
  untrack(session: Session): void {
    if (session.processId !== undefined) this.#forgetCancelKey(session.processId);
    if (!this.#sessions.delete(session.id)) return;
    this.#instance.leaveSession(session.id);
    if (this.size === 0) this.#emptied?.();
    const { accountId } = session.claims;
    const ofAccount = this.#byAccount.get(accountId);
    ofAccount?.delete(session);
    if (ofAccount?.size === 0) this.#byAccount.delete(accountId);
  }

  /** @param secretBytes 4 for protocol 3.0, 32 for 3.2 */
  issueCancelKey(session: Session, secretBytes: number): CancelKey {
    let processId: number;
    do processId = randomInt(1, 0x8000_0000);
    while (this.#cancelKeys.has(processId));
    const secret = randomBytes(secretBytes);
    session.processId = processId;
    const digests = this.#digestsOf({ processId, secret });
    this.#cancelKeys.set(processId, { session, secret, digests });
    for (const digest of digests) this.#byDigest.set(digest, session);
    return { processId, secret };
  }

  /** The session that a cancel request is for, if its key is right and its address one the account allows. */
  sessionToCancel({ processId, secret }: CancelKey, address: Address | undefined): Session | undefined {
    const known = this.#cancelKeys.get(processId);
    if (!known || !address) return undefined;
    if (known.secret.length !== secret.length || !timingSafeEqual(known.secret, secret)) return undefined;
    return this.#ifAllowed(known.session, address);
  }

  /** The same for a cancel request that arrived at another instance, which sends a digest of the key. */
  sessionWithDigest(digest: string, address: Address | undefined): Session | undefined {
    const session = this.#byDigest.get(digest);
    return session && address && this.#ifAllowed(session, address);
  }

  end(sessionId: string, refusal: Refusal): boolean {
    const session = this.#sessions.get(sessionId);
    session?.end(refusal);
    return session !== undefined;
  }

  endAll(refusal: Refusal): void {
    for (const session of this.#sessions.values()) session.end(refusal);
  }

  /**
   * Every session ends as soon as it is at rest, those that still come as well. Who has just come gets a moment first:
   * most of those do what they came for and leave by themselves.
   */
  drain(refusal: Refusal): void {
    this.#draining = refusal;
    for (const session of this.#sessions.values()) this.#endSoon(session, refusal);
  }

  /** Resolves when there is no session. For one at a time. */
  async emptied(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied = resolve;
    if (this.size === 0) resolve();
    await promise;
  }

  /** An account's policy changed: what would no longer be admitted is ended, with its reason. */
  recheckAccount(accountId: string): void {
    const sessions = this.#byAccount.get(accountId);
    if (!sessions) return;
    const account = this.#policy.accountWithId(accountId);
    for (const session of sessions) this.#recheck(session, account);
  }

  /** Ends what has expired by now. To be called about once a second. */
  recheckExpired(): void {
    const now = this.#now();
    const due = this.#sessions.values().filter(({ admittedUntilMs }) => admittedUntilMs <= now);
    for (const accountId of new Set(due.map(({ claims }) => claims.accountId)))
      this.recheckAccount(accountId);
  }

  #endSoon(session: Session, refusal: Refusal): void {
    const momentMs = session.facts.startedAtMs + newcomerMs - this.#now();
    if (momentMs <= 0) session.endAtRest(refusal);
    else setTimeout(() => session.endAtRest(refusal), Math.min(momentMs, newcomerMs)).unref();
  }

  #ifAllowed(session: Session, address: Address): Session | undefined {
    const account = this.#policy.accountWithId(session.claims.accountId);
    return account && admittedUntil(account.addresses, address) > this.#now() ? session : undefined;
  }

  #forgetCancelKey(processId: number): void {
    for (const digest of this.#cancelKeys.get(processId)?.digests ?? []) this.#byDigest.delete(digest);
    this.#cancelKeys.delete(processId);
  }

  #recheck(session: Session, account: AccountPolicy | undefined): void {
    const verdict = recheckSession(session.claims, account, this.#now());
    if (verdict.kind === 'ended') session.end(verdict.refusal);
    else session.admittedUntilMs = verdict.until;
  }
}
