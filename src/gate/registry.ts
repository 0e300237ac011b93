/**
 * The register of live sessions: limits, cancel keys, and the re-check of what the policy still admits. `track`
 * judges and registers in one tick, so that nothing revoked during a login slips through.
 */

import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { AccountPolicy } from '../policy/account.ts';
import { type Address, admittedUntil } from '../policy/addresses.ts';
import type { PolicyView } from '../policy/book.ts';
import { recheckSession } from '../policy/recheck.ts';
import type { Session } from './session.ts';

export interface SessionLimits {
  readonly sessions: number;
  readonly sessionsPerAccount: number;
  readonly sessionsPerAddress: number;
}

/** What BackendKeyData tells the client (PostgreSQL manual, "Message Formats"). */
export interface CancelKey {
  readonly processId: number;
  readonly secret: Buffer;
}

interface IssuedCancelKey {
  readonly session: Session;
  readonly secret: Buffer;
  readonly digests: readonly string[];
}

export class SessionRegistry {
  #limits: SessionLimits;
  readonly #policy: PolicyView;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #byAccount = new Map<string, Set<Session>>();
  readonly #perAddress = new Map<string, number>();
  readonly #digestsOf: (key: CancelKey) => readonly string[];
  readonly #cancelKeys = new Map<number, IssuedCancelKey>();
  readonly #byDigest = new Map<string, Session>();
  #emptied: (() => void) | null = null;

  /** @param digestsOf by what other instances may name a cancel key */
  constructor(
    limits: SessionLimits,
    policy: PolicyView,
    now: () => number,
    digestsOf: (key: CancelKey) => readonly string[],
  ) {
    this.#limits = limits;
    this.#policy = policy;
    this.#now = now;
    this.#digestsOf = digestsOf;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** For whoever comes from now on; sessions that are here stay. */
  setLimits(limits: SessionLimits): void {
    this.#limits = limits;
  }

  sessions(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** @throws Refusal a limit, or what the policy has against the session by now */
  track(session: Session): void {
    const { accountId, shownAddress } = session.claims;
    const account = this.#policy.accountWithId(accountId);
    const verdict = recheckSession(session.claims, account, this.#now());
    if (verdict.kind === 'ended') throw verdict.refusal;
    const { sessions, sessionsPerAccount, sessionsPerAddress } = this.#limits;
    const ofAccount = this.#byAccount.get(accountId) ?? new Set();
    const ofAddress = this.#perAddress.get(shownAddress) ?? 0;
    const accountLimit = account?.maxSessions ?? sessionsPerAccount;
    if (ofAccount.size >= accountLimit) throw new Refusal('account-sessions', { limit: accountLimit });
    if (ofAddress >= sessionsPerAddress) throw new Refusal('address-sessions', { limit: sessionsPerAddress });
    if (this.size >= sessions) throw new Refusal('instance-sessions', { limit: sessions });
    session.admittedUntilMs = verdict.until;
    this.#sessions.set(session.id, session);
    this.#byAccount.set(accountId, ofAccount.add(session));
    this.#perAddress.set(shownAddress, ofAddress + 1);
  }

  /** Forgets the session and its cancel key; harmless when it was never tracked. */
  untrack(session: Session): void {
    if (session.processId !== undefined) this.#forgetCancelKey(session.processId);
    if (!this.#sessions.delete(session.id)) return;
    if (this.size === 0) this.#emptied?.();
    const { accountId, shownAddress } = session.claims;
    const ofAccount = this.#byAccount.get(accountId);
    ofAccount?.delete(session);
    if (ofAccount?.size === 0) this.#byAccount.delete(accountId);
    const ofAddress = this.#perAddress.get(shownAddress) ?? 0;
    if (ofAddress <= 1) this.#perAddress.delete(shownAddress);
    else this.#perAddress.set(shownAddress, ofAddress - 1);
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

  /** Every session ends as soon as it is at rest. Resolves when none is left. */
  drain(refusal: Refusal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied = resolve;
    for (const session of this.#sessions.values()) session.endAtRest(refusal);
    if (this.size === 0) resolve();
    return promise;
  }

  /** An account's policy changed: what would no longer be admitted is ended, with its reason. */
  recheckAccount(accountId: string): void {
    const account = this.#policy.accountWithId(accountId);
    for (const session of this.#byAccount.get(accountId) ?? []) this.#recheck(session, account);
  }

  /** Ends what has expired by now. To be called about once a second. */
  recheckExpired(): void {
    const now = this.#now();
    for (const session of this.#sessions.values()) {
      if (session.admittedUntilMs <= now) {
        this.#recheck(session, this.#policy.accountWithId(session.claims.accountId));
      }
    }
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
