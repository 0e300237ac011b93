/** The fleet suite: a command of its own (`npm run test:fleet`), because it takes minutes and more programs. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/reliability/**/*.test.ts'],
    globalSetup: ['test/reliability/global-setup.ts'],
    pool: 'forks',
    // One installation for all of them, and figures that nobody else disturbs.
    fileParallelism: false,
    // As in the tests of `npm test`: the report names every test that needed its second chance.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
