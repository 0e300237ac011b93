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

export interface Maintenance {
  /** Begins nothing new; what is under way goes on. */
  readonly hurry: () => void;
  /** Resolves when nothing is under way. */
  readonly stop: () => Promise<void>;
}

const intervalMs = 300_000;

const maintainOnce = (config: Config, log: Log, signal: AbortSignal): Promise<void> =>
  withControl(config, 'serve', async (context) => {
    for (const done of await reconcile(context, signal)) {
      log[done.problem === null ? 'info' : 'warn'](done, 'reconciled an API key');
    }
    if (signal.aborted) return;
    const before = new Date(context.now() - config.attempts.keepMs);
    const deleted = await deleteAttemptsBefore(context.store, before);
    if (deleted > 0) log.info({ deleted }, 'attempts past their retention deleted');
  });

export const startMaintenance = (config: Config, log: Log): Maintenance => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await maintainOnce(config, log, signal).catch((error: unknown) =>
        log.warn({ error }, 'maintenance failed'),
      );
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const canProvision = [...config.backends.values()].some(({ admin }) => admin !== null);
  const running = canProvision ? run() : Promise.resolve();
  const hurry = () => stopping.abort();
  return {
    hurry,
    stop: () => {
      hurry();
      return running;
    },
  };
};
