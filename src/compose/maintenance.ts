/**
 * What `serve` does besides serving: finishes key changes that were interrupted, and lets old attempts go. At start and
 * every few minutes, on whatever instance holds admin logins; several may do it at once.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { reconcile } from '../control/reconcile.ts';
import { deleteAttemptsBefore } from '../store/attempts.ts';
import type { Log } from '../telemetry/log.ts';
import { withControl } from './control.ts';

const intervalMs = 300_000;

const maintainOnce = (config: Config, log: Log): Promise<void> =>
  withControl(config, 'serve', async (context) => {
    for (const done of await reconcile(context)) {
      log[done.problem === null ? 'info' : 'warn'](done, 'reconciled an API key');
    }
    const deleted = await deleteAttemptsBefore(
      context.store,
      new Date(context.now() - config.attempts.keepMs),
    );
    if (deleted > 0) log.info({ deleted }, 'attempts past their retention deleted');
  });

/** @returns the function that stops it; resolves when nothing is under way */
export const startMaintenance = (config: Config, log: Log): (() => Promise<void>) => {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await maintainOnce(config, log).catch((error: unknown) => log.warn({ error }, 'maintenance failed'));
      await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const canProvision = [...config.backends.values()].some(({ admin }) => admin !== null);
  const running = canProvision ? run() : Promise.resolve();
  return async () => {
    stopping.abort();
    await running;
  };
};
