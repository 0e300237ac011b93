/**
 * Slows down guessing, per place that guesses: after a few free failures the wait doubles with each further one; success
 * and ten quiet minutes wipe the slate. Never locks anybody out for others: whole offices share one address behind NAT,
 * so API keys are counted by account and address together, and who asks decides what a wait is good for.
 */

export interface ThrottleLimits {
  readonly freeFailures: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Places remembered at most; beyond it the one that failed longest ago is forgotten. */
  readonly places: number;
}

interface Record {
  readonly failures: number;
  readonly failedAtMs: number;
  readonly waitMs: number;
}

const quietMs = 600_000;

export class Throttle {
  readonly #limits: ThrottleLimits;
  readonly #now: () => number;
  /** In the order of the last failures. */
  readonly #records = new Map<string, Record>();

  constructor(limits: ThrottleLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Whole seconds, 0: the place may try. */
  secondsToWait(place: string): number {
    const record = this.#recordOf(place);
    const waitMs = record ? record.failedAtMs + record.waitMs - this.#now() : 0;
    return Math.max(0, Math.ceil(waitMs / 1000));
  }

  failed(place: string): void {
    const { freeFailures, firstWaitMs, longestWaitMs, places } = this.#limits;
    const failures = (this.#recordOf(place)?.failures ?? 0) + 1;
    const over = failures - freeFailures;
    const waitMs = over > 0 ? Math.min(firstWaitMs * 2 ** (over - 1), longestWaitMs) : 0;
    this.#records.delete(place);
    this.#records.set(place, { failures, failedAtMs: this.#now(), waitMs });
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= places && this.#recordOf(oldest)) break;
      this.#records.delete(oldest);
    }
  }

  succeeded(place: string): void {
    this.#records.delete(place);
  }

  /** A failure in the future is one before the clock was set back, and as good as forgotten. */
  #recordOf(place: string): Record | undefined {
    const record = this.#records.get(place);
    const quietForMs = record ? this.#now() - record.failedAtMs : 0;
    return quietForMs >= 0 && quietForMs < quietMs ? record : undefined;
  }
}
