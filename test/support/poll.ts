/**
 * Waiting in tests: on observable state, never on a fixed time.
 */

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `check` until it returns something other than false, null or undefined, and returns that.
 * What `check` throws counts as "not yet"; after `timeoutMs` the last such error becomes the cause of the failure.
 */
export const pollUntil = async <T>(
  check: () => T | Promise<T>,
  { timeoutMs = 5_000, intervalMs = 10 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Exclude<T, false | null | undefined>> => {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const seen = await check();
      if (seen !== false && seen !== null && seen !== undefined) {
        return seen as Exclude<T, false | null | undefined>;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`Not so within ${timeoutMs} ms: ${check}`, { cause: lastError });
    }
    await delay(intervalMs);
  }
};
