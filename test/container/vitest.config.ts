/** The container suite: a command of its own (`npm run test:container`), because it builds images and needs an engine. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/container/**/*.test.ts'],
    globalSetup: ['test/container/global-setup.ts'],
    pool: 'forks',
    // They share an engine, and mind when the machine is busy.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
