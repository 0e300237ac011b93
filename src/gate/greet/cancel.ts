/**
 * A CancelRequest finds its session by the key that only its client was given, and only from an address that the
 * session's account allows; if it is not here, then perhaps at another worker or instance. Nothing is ever sent back
 * (PostgreSQL manual, "Canceling Requests in Progress").
 */

import type { PolicyView } from '../../policy/book.ts';
import { answerWithin } from '../answer.ts';
import type { CancelOutcome, Instance } from '../instance.ts';
import type { SessionRegistry } from '../registry.ts';
import type { Admitted, CancelOrder, Ending } from '../values.ts';

export interface CancelDependencies {
  readonly registry: SessionRegistry;
  readonly policy: PolicyView;
  readonly now: () => number;
  readonly instance: Instance;
}

export const forwardCancel = async (
  { processId, secret }: CancelOrder,
  { address, shownAddress, login }: Admitted,
  { registry, policy, now, instance }: CancelDependencies,
): Promise<Ending> => {
  const { signal } = login;
  const mayCancel = await answerWithin(instance.mayCancel(shownAddress), signal).catch(() => false);
  if (!mayCancel) return { kind: 'cancel', outcome: 'throttled' };
  const key = { processId, secret };
  const session = registry.sessionToCancel(key, address);
  if (session) {
    // Held until the backend has dealt with it, so that a late cancel cannot hit the session's next query.
    await session.cancelQuery();
    return { kind: 'cancel', outcome: 'forwarded' };
  }
  // Whom no account admits, no session elsewhere belongs to: strangers never reach the store.
  const mayBeElsewhere = address !== undefined && policy.admitsSomewhere(address, now());
  const outcome: CancelOutcome = mayBeElsewhere
    ? await answerWithin(instance.cancelElsewhere(key, shownAddress), signal).catch(() => 'unknown')
    : 'unknown';
  if (outcome === 'unknown') instance.cancelFailed(shownAddress);
  return { kind: 'cancel', outcome };
};
