/**
 * Who is in the instance: connections that are logging in, sessions, and wrong guesses, counted in one place whatever
 * the number of workers. What each worker holds of it is noted on its desk. An IPv6 address is counted with its /64.
 */

import type { LimitsConfig } from '../config/config.ts';
import type { Denial, SessionEntry } from '../gate/instance.ts';
import { networkOf } from '../policy/network.ts';
import { Tally } from './tally.ts';
import { Throttle } from './throttle.ts';

export type Limits = Omit<LimitsConfig, 'idleTimeoutMs'>;

const keyThrottling = { freeFailures: 4, firstWaitMs: 1_000, longestWaitMs: 60_000, places: 100_000 };
/** A cancel key cannot be guessed; this only keeps somebody from trying at speed. */
const cancelThrottling = { freeFailures: 20, firstWaitMs: 1_000, longestWaitMs: 10_000, places: 10_000 };

const denied = (code: Denial['code'], facts: Denial['facts']): Denial => ({ code, facts });

export class Ledger {
  #limits: Limits;
  readonly #halfOpen = new Tally();
  readonly #perAccount = new Tally();
  readonly #perAddress = new Tally();
  readonly #sessions = new Map<string, SessionEntry>();
  readonly #keys: Throttle;
  readonly #cancels: Throttle;

  constructor(limits: Limits, now: () => number) {
    this.#limits = limits;
    this.#keys = new Throttle(keyThrottling, now);
    this.#cancels = new Throttle(cancelThrottling, now);
  }

  /** For whoever comes from now on; who is here stays. */
  setLimits(limits: Limits): void {
    this.#limits = limits;
  }

  sessions(): IterableIterator<SessionEntry> {
    return this.#sessions.values();
  }

  enterHalfOpen(address: string, admitted: boolean): Denial | null {
    const { halfOpen, halfOpenPerAddress } = this.#limits;
    const network = networkOf(address);
    if (this.#halfOpen.of(network) >= halfOpenPerAddress)
      return denied('address-half-open', { limit: halfOpenPerAddress });
    // Strangers can fill their half from as many addresses as they like: the other one is for those with an account.
    const limit = admitted ? halfOpen : Math.ceil(halfOpen / 2);
    if (this.#halfOpen.total >= limit) return denied('too-many-half-open', { limit });
    this.#halfOpen.add(network);
    return null;
  }

  leaveHalfOpen(address: string): void {
    this.#halfOpen.remove(networkOf(address));
  }

  enterSession(session: SessionEntry, accountLimit: number | null): Denial | null {
    const { id, accountId } = session;
    const network = networkOf(session.address);
    const { sessions, sessionsPerAccount, sessionsPerAddress } = this.#limits;
    const ofAccount = accountLimit ?? sessionsPerAccount;
    if (this.#perAccount.of(accountId) >= ofAccount) return denied('account-sessions', { limit: ofAccount });
    if (this.#perAddress.of(network) >= sessionsPerAddress)
      return denied('address-sessions', { limit: sessionsPerAddress });
    if (this.#sessions.size >= sessions) return denied('instance-sessions', { limit: sessions });
    this.#sessions.set(id, session);
    this.#perAccount.add(accountId);
    this.#perAddress.add(network);
    return null;
  }

  leaveSession(id: string): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.#sessions.delete(id);
    this.#perAccount.remove(session.accountId);
    this.#perAddress.remove(networkOf(session.address));
  }

  /** Who still has to wait is not counted again. */
  keyFailed(place: string): Denial | null {
    const seconds = this.#keys.secondsToWait(place);
    if (seconds > 0) return denied('throttled', { seconds });
    this.#keys.failed(place);
    return null;
  }

  keyProved(place: string): void {
    this.#keys.succeeded(place);
  }

  mayCancel(address: string): boolean {
    return this.#cancels.secondsToWait(networkOf(address)) === 0;
  }

  cancelFailed(address: string): void {
    this.#cancels.failed(networkOf(address));
  }
}
