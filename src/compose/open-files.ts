/** A session takes two file descriptors, and the system lets a process have so many and no more: told before they are missed. */

import { readFileSync } from 'node:fs';
import type { LimitsConfig } from '../config/config.ts';
import type { Log } from '../telemetry/log.ts';

/** For the store, the log, listeners, and what Node opens for itself. */
const others = 64;

/** How many files a worker has open when the instance is full and the kernel has spread its connections evenly. */
export const filesNeeded = ({ sessions, halfOpen }: LimitsConfig, workers: number): number =>
  others + Math.ceil((2 * sessions + 3 * halfOpen) / workers);

/** @param limits what `/proc/self/limits` says (Linux, proc_pid_limits(5)) */
export const filesAllowed = (limits: string): number =>
  Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);

const readLimits = (): string => {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Another system than Linux.
    return '';
  }
};

export const tellOfFewFiles = (limits: LimitsConfig, workers: number, log: Log): void => {
  const needed = filesNeeded(limits, workers);
  const allowed = filesAllowed(readLimits());
  if (needed > allowed) log.warn({ needed, allowed }, 'limits.sessions is more than open files allow');
};
