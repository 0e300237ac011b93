/** When a gate has heard of everything that was changed in the store, by what it shows of itself: its metrics. */

import type { Serving } from '../../src/compose/serve.ts';
import { pollUntil } from './poll.ts';
import type { TestStore } from './store.ts';

/** Resolves when the gate's policy is at least as new as the store's is now. */
export const caughtUp = async (store: TestStore, { telemetryPort }: Serving): Promise<void> => {
  const { rows } = await store.owner.query<{ version: number }>(
    'SELECT version::int AS version FROM postern.policy_version',
  );
  const wanted = rows[0]?.version ?? 0;
  await pollUntil(async () => {
    const response = await fetch(`http://127.0.0.1:${telemetryPort}/metrics`);
    const version = /^postern_policy_version (\d+)$/m.exec(await response.text())?.[1];
    return version !== undefined && Number(version) >= wanted;
  });
};
