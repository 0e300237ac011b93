/**
 * Waiting in loops that go on for ever: a pause that ends early, and how long to pause after failures.
 */

/** Resolves after `ms`, or as soon as one of the signals is aborted. Never rejects, leaves no timer or listener. */
export const pause = (ms: number, ...until: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of until) {
        signal.removeEventListener('abort', end);
      }
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of until) {
      signal.addEventListener('abort', end);
    }
    if (until.some(({ aborted }) => aborted)) {
      end();
    }
  });

const firstMs = 100;
const longestMs = 10_000;

/** Doubles with each failure in a row; spread, so that instances do not all come back at the same moment. */
export const backoffMs = (failures: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 16)) * (0.5 + Math.random() / 2);
