/** What the processes of an instance take, looked at again and again: resident memory, file descriptors, sockets. */

import { setTimeout as delay } from 'node:timers/promises';
import { type Footprint, footprintOf } from '../support/footprint.ts';

/** Per process id, in the order of time. */
export type Footprints = ReadonlyMap<number, readonly Footprint[]>;

/** Until `stopped`. */
export const watchFootprints = async (
  pids: readonly number[],
  intervalMs: number,
  stopped: AbortSignal,
): Promise<Footprints> => {
  const seen = new Map(pids.map((pid) => [pid, [] as Footprint[]]));
  while (!stopped.aborted) {
    for (const [pid, footprints] of seen) footprints.push(footprintOf(pid));
    await delay(intervalMs, undefined, { signal: stopped }).catch(() => undefined);
  }
  return seen;
};

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * The median of the first and of the last fifth of what is left after the warm-up.
 * @param warmUp its part of the whole, from 0 to 1
 */
export const firstAndLast = (
  footprints: readonly Footprint[],
  warmUp: number,
  pick: (footprint: Footprint) => number,
): { readonly first: number; readonly last: number } => {
  const warm = footprints.slice(Math.floor(footprints.length * warmUp)).map(pick);
  const fifth = Math.max(1, Math.floor(warm.length / 5));
  return { first: median(warm.slice(0, fifth)), last: median(warm.slice(-fifth)) };
};
