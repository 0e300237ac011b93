/** The soak: a command of its own (`npm run test:soak`, `npm run soak`), with the installation of the fleet suite. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/soak/**/*.test.ts'],
    globalSetup: ['test/reliability/global-setup.ts'],
    pool: 'forks',
    hookTimeout: 60_000,
  },
});
