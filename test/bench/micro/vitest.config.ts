/** Microbenchmarks: a command of their own (`npm run bench:micro`), on a machine that does nothing else. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    benchmark: { include: ['test/bench/micro/*.bench.ts'] },
    globalSetup: ['test/bench/micro/global-setup.ts'],
    pool: 'forks',
    // As Postern runs: Vite's own modules read every import through a getter.
    experimental: { viteModuleRunner: false },
    fileParallelism: false,
    testTimeout: 60_000,
  },
});
