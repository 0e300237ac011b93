/** For what comes true on the page in a moment, as patiently as the browser's own waits are. */

import { expect } from 'vitest';
import { patienceMs } from './visit.ts';

/** `await eventually(() => rows.count()).toBe(3)` */
export const eventually = <T>(look: () => T | Promise<T>) =>
  expect.poll(look, { timeout: patienceMs, interval: 50 });
