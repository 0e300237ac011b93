import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Have commands and set-ups of their own.
    exclude: ['clients', 'container', 'fuzz', 'reliability', 'soak'].map((suite) => `test/${suite}/**`),
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // A machine that others load may be late once; the report names every test that needed its second chance.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
