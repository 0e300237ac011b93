/** What a test of this suite starts is gone after it, and the backend is at rest: nothing is left for the next one. */

import { afterEach, beforeEach } from 'vitest';
import { backendAtRest } from './clients.ts';

/** @returns what the test that runs at the moment has started; for the top of a file */
export const startedPerTest = (): (() => AsyncDisposableStack) => {
  let running: AsyncDisposableStack;
  beforeEach(() => {
    running = new AsyncDisposableStack();
  });
  afterEach(async () => {
    await running.disposeAsync();
    await backendAtRest();
  });
  return () => running;
};
