/**
 * A CancelRequest finds its session by the key that only its client was given, and only from an address that the
 * session's account allows; if it is not here, then perhaps at another instance. Nothing is ever sent back
 * (PostgreSQL manual, "Canceling Requests in Progress").
 */

import type { Refusal } from '../../errors.ts';
import type { PolicyView } from '../../policy/book.ts';
import type { CancelKey, SessionRegistry } from '../registry.ts';
import type { Admitted, CancelOrder, CancelOutcome, Ending } from '../values.ts';

export interface CancelDependencies {
  readonly registry: SessionRegistry;
  readonly policy: PolicyView;
  readonly now: () => number;
  /** Slows down guessing; cancel requests that hit are not counted. */
  readonly cancelThrottle: {
    refusalFor(address: string): Refusal | null;
    failed(address: string): void;
  };
  /** Asks the other instances; resolves when theirs is dealt with, and soon in any case. Never rejects. */
  readonly cancelElsewhere: {
    ask(
      key: CancelKey,
      shownAddress: string,
      stopped: AbortSignal,
    ): Promise<Exclude<CancelOutcome, 'forwarded'>>;
  };
}

export const forwardCancel = async (
  order: CancelOrder,
  { address, shownAddress, login }: Admitted,
  { registry, policy, now, cancelThrottle, cancelElsewhere }: CancelDependencies,
): Promise<Ending> => {
  if (cancelThrottle.refusalFor(shownAddress)) return { kind: 'cancel', outcome: 'throttled' };
  const session = registry.sessionToCancel(order, address);
  if (session) {
    // Held until the backend has dealt with it, so that a late cancel cannot hit the session's next query.
    await session.cancelQuery();
    return { kind: 'cancel', outcome: 'forwarded' };
  }
  // Whom no account admits, no session elsewhere belongs to: strangers never reach the store.
  const mayBeElsewhere = address !== undefined && policy.admitsSomewhere(address, now());
  const outcome = mayBeElsewhere ? await cancelElsewhere.ask(order, shownAddress, login.signal) : 'unknown';
  if (outcome === 'unknown') cancelThrottle.failed(shownAddress);
  return { kind: 'cancel', outcome };
};
