/** The fuzzing suite: a command of its own (`npm run test:fuzz`), because it takes minutes and both cores. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    pool: 'forks',
    // What is measured is the servers' and nobody else's.
    fileParallelism: false,
    // As long as the number of cases that was asked for takes.
    testTimeout: 0,
    hookTimeout: 120_000,
  },
});
