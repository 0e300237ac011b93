/**
 * Notices a worker that does not answer any more, though its process is there: a loop without end, a debugger. The
 * kernel would go on giving it connections.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../within.ts';

export interface WatchOptions {
  /** Resolves with whatever the worker says, or once it is gone. */
  readonly ask: () => Promise<unknown>;
  /** Far beyond what a busy worker on a busy computer takes. */
  readonly hangsAfterMs: number;
  readonly stopped: AbortSignal;
}

const askEveryMs = 5_000;
/** When it was this process that stood still, both wake up, and the answer is on its way. */
const secondChanceMs = 5_000;

/** Resolves with true when it hangs, with false when there is nothing to watch any more. */
export const untilItHangs = async ({ ask, hangsAfterMs, stopped }: WatchOptions): Promise<boolean> => {
  while (!stopped.aborted) {
    const answered = ask().then(
      () => true,
      () => true,
    );
    const soon =
      (await within(hangsAfterMs, answered, false)) || (await within(secondChanceMs, answered, false));
    if (!soon) return !stopped.aborted;
    await delay(Math.min(askEveryMs, hangsAfterMs), undefined, { signal: stopped }).catch(() => undefined);
  }
  return false;
};
