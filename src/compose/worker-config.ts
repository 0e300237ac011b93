/** What a worker gets to know: not what only the console, or whoever provisions, needs. */

import type { Config } from '../config/config.ts';

export const workerConfig = (config: Config): Config => ({
  ...config,
  store: { ...config.store, ownerUrl: '' },
  backends: new Map(
    [...config.backends].map(([name, backend]) => [name, { ...backend, admin: null }] as const),
  ),
  console: null,
  authority: null,
});
