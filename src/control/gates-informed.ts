/**
 * Whether every gate has heard of a change before something is done that it must know of. Gates tell by their heartbeat
 * which policy they decide by; one that is silent may have crashed, or be cut off from the store and still serve.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { RequestError } from '../errors.ts';
import { listServingInstances, type ServingInstance } from '../store/instances.ts';
import { loadPolicyVersion } from '../store/policy.ts';
import type { StoreContext } from './context.ts';

export interface Patience {
  /** `policy.max_staleness`: a gate that is cut off for longer admits nobody. */
  readonly maxStalenessMs: number;
  /** Goes on without gates that are silent. */
  readonly force: boolean;
}

const askEveryMs = 200;
/** A gate that is cut off counts as silent after 30 s; one that follows has heard within a second or two. */
const patienceMs = 45_000;

/** Those that have not been heard of and may still serve. */
export const listSilentGates = async (
  { store }: Pick<StoreContext, 'store'>,
  { maxStalenessMs }: Pick<Patience, 'maxStalenessMs'>,
): Promise<readonly ServingInstance[]> =>
  (await listServingInstances(store, maxStalenessMs)).filter(({ alive }) => !alive);

export const silenceOf = ({ address, heartbeatAt }: ServingInstance): string =>
  `The gate at ${address} has not been heard of since ${heartbeatAt.toISOString()}: if it still runs, cut off from the ` +
  'store, backends would refuse its logins. Reconnect or stop it and try again, or say --force if it is gone.';

/**
 * Resolves when all gates know everything that the store knows now.
 * @throws RequestError about one that is silent or does not hear of it in time
 */
export const untilGatesKnow = async (
  { store, now }: Pick<StoreContext, 'store' | 'now'>,
  { maxStalenessMs, force }: Patience,
): Promise<void> => {
  const version = await loadPolicyVersion(store);
  const deadline = now() + patienceMs;
  for (;;) {
    const instances = await listServingInstances(store, maxStalenessMs);
    const behind = instances.filter(({ policyVersion }) => (policyVersion ?? -1) < version);
    const [first] = force ? behind.filter(({ alive }) => alive) : behind;
    if (first === undefined) return;
    if (!first.alive) throw new RequestError(silenceOf(first));
    if (now() > deadline) {
      throw new RequestError(
        `The gate at ${first.address} does not hear of changes: see what its log says, then try again. Nothing was changed on any backend.`,
      );
    }
    await delay(askEveryMs);
  }
};
