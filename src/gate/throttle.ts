/**
 * Slows down guessing, per place that guesses: after a few free failures the wait doubles with each further one, and
 * success wipes the slate. Never locks anybody out for others: whole offices share one address behind NAT, so API
 * keys are counted by account and address together.
 */

import { Refusal } from '../errors.ts';

export interface ThrottleLimits {
  readonly freeFailures: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Places remembered at most; beyond it the one that failed longest ago is forgotten. */
  readonly places: number;
}

interface Record {
  readonly failures: number;
  readonly openAgainAtMs: number;
}

export class Throttle {
  readonly #limits: ThrottleLimits;
  readonly #now: () => number;
  readonly #records = new Map<string, Record>();

  constructor(limits: ThrottleLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** `throttled` with the seconds left to wait, or null when the place may try. */
  refusalFor(place: string): Refusal | null {
    const waitMs = (this.#records.get(place)?.openAgainAtMs ?? 0) - this.#now();
    return waitMs > 0 ? new Refusal('throttled', { seconds: Math.ceil(waitMs / 1000) }) : null;
  }

  failed(place: string): void {
    const { freeFailures, firstWaitMs, longestWaitMs, places } = this.#limits;
    const failures = (this.#records.get(place)?.failures ?? 0) + 1;
    const over = failures - freeFailures;
    const waitMs = over > 0 ? Math.min(firstWaitMs * 2 ** (over - 1), longestWaitMs) : 0;
    // Deleted first, so that the map's order is the order of the last failures.
    this.#records.delete(place);
    this.#records.set(place, { failures, openAgainAtMs: this.#now() + waitMs });
    if (this.#records.size > places) {
      for (const oldest of this.#records.keys()) {
        this.#records.delete(oldest);
        break;
      }
    }
  }

  succeeded(place: string): void {
    this.#records.delete(place);
  }
}
