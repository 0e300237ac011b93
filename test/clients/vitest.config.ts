/** The suite of real clients: a command of its own (`npm run test:clients`), because it takes many more programs. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/clients/**/*.test.ts'],
    globalSetup: ['test/clients/global-setup.ts'],
    pool: 'forks',
    // One at a time: what runs on the backend is this client's.
    fileParallelism: false,
    // As in the tests of `npm test`: the report names every test that needed its second chance.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
