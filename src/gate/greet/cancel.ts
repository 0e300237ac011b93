/**
 * A CancelRequest finds its session by the key that only its client was given, and only from an address that the
 * session's account allows. Nothing is ever sent back (PostgreSQL manual, "Canceling Requests in Progress").
 */

import type { Refusal } from '../../errors.ts';
import type { SessionRegistry } from '../registry.ts';
import type { Admitted, CancelOrder, Ending } from '../values.ts';

export interface CancelDependencies {
  readonly registry: SessionRegistry;
  /** Slows down guessing; cancel requests that hit are not counted. */
  readonly cancelThrottle: {
    refusalFor(address: string): Refusal | null;
    failed(address: string): void;
  };
}

export const forwardCancel = async (
  order: CancelOrder,
  { address, shownAddress }: Admitted,
  { registry, cancelThrottle }: CancelDependencies,
): Promise<Ending> => {
  if (cancelThrottle.refusalFor(shownAddress)) return { kind: 'cancel', outcome: 'throttled' };
  const session = registry.sessionToCancel(order, address);
  if (!session) {
    cancelThrottle.failed(shownAddress);
    return { kind: 'cancel', outcome: 'unknown' };
  }
  // Held until the backend has dealt with it, so that a late cancel cannot hit the session's next query.
  await session.cancelQuery();
  return { kind: 'cancel', outcome: 'forwarded' };
};
