/**
 * Whether a host of a backend is worth the time of a login: after failures it is passed over for a while, then one login
 * probes it (decision 14). One pure step from state to state; times are of a clock that is never set back.
 */

export type Breaker =
  /** Logins try it. @param failures in a row */
  | { readonly kind: 'closed'; readonly failures: number }
  /** Passed over until `dueAtMs`; the next login afterwards probes it. */
  | { readonly kind: 'open'; readonly dueAtMs: number; readonly waitMs: number }
  /** One login probes it; others pass it over as before. */
  | { readonly kind: 'probing'; readonly dueAtMs: number; readonly waitMs: number };

/**
 * What a login has to do with a host. `served`: it answered as a server that can, be it by a refusal; `failed`: it was
 * lost or said that it cannot; `silent`: it took all the time that it may; `abandoned`: nobody waited for the outcome.
 */
export type BreakerEvent = 'tried' | 'served' | 'failed' | 'silent' | 'abandoned';

/** A failure that is told at once costs a login next to nothing; silence costs the whole connect timeout. */
const failuresToOpen = 3;
/** About as long as a PostgreSQL takes to restart. */
const firstWaitMs = 1_000;
/** So much later, at most, a host that has come back is used again. */
const longestWaitMs = 30_000;

export const closed: Breaker = { kind: 'closed', failures: 0 };

const open = (waitMs: number, nowMs: number): Breaker => ({ kind: 'open', dueAtMs: nowMs + waitMs, waitMs });

/** Whether a login that has other hosts to try leaves this one out. */
export const isPassedOver = (breaker: Breaker, nowMs: number): boolean =>
  breaker.kind === 'probing' || (breaker.kind === 'open' && nowMs < breaker.dueAtMs);

const afterFailure = (breaker: Breaker, event: 'failed' | 'silent', nowMs: number): Breaker => {
  switch (breaker.kind) {
    case 'closed': {
      const failures = breaker.failures + 1;
      const opens = event === 'silent' || failures >= failuresToOpen;
      return opens ? open(firstWaitMs, nowMs) : { kind: 'closed', failures };
    }
    case 'open':
      return open(breaker.waitMs, nowMs);
    case 'probing':
      return open(Math.min(2 * breaker.waitMs, longestWaitMs), nowMs);
  }
};

/**
 * Logins that began earlier, and those that have no other host, report whatever the state is: any success closes, and
 * only a probe's failure makes the wait grow, so that a hundred logins that fail together count as one.
 */
export const step = (breaker: Breaker, event: BreakerEvent, nowMs: number): Breaker => {
  switch (event) {
    case 'served':
      return closed;
    case 'tried':
      return breaker.kind === 'open' && nowMs >= breaker.dueAtMs ? { ...breaker, kind: 'probing' } : breaker;
    case 'abandoned':
      // Due as before: the next login probes.
      return breaker.kind === 'probing' ? { ...breaker, kind: 'open' } : breaker;
    case 'failed':
    case 'silent':
      return afterFailure(breaker, event, nowMs);
  }
};
