/**
 * What `serve` does besides serving: finishes key changes that were interrupted, puts back roles that a backend no longer
 * accepts, and lets old attempts go. On whatever instance holds admin logins; several may do it at once.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { reconcile } from '../control/reconcile.ts';
import { repairKey } from '../control/repair.ts';
import { deleteAttemptsBefore } from '../store/attempts.ts';
import type { Log } from '../telemetry/log.ts';
import { withControl } from './control.ts';

export interface Maintenance {
  /** A backend did not accept this API key's role: its password may have been changed there. Returns at once. */
  readonly repairSoon: (keyId: string) => void;
  /** Begins nothing new; what is under way goes on. */
  readonly hurry: () => void;
  /** Resolves when nothing is under way. */
  readonly stop: () => Promise<void>;
}

const intervalMs = 300_000;
/** A role can give itself another password again and again; that must not keep an admin busy. */
const repairAgainAfterMs = 60_000;

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

/** @param configNow asked each time: it may have been reloaded */
export const startMaintenance = (configNow: () => Config, log: Log): Maintenance => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const canProvision = () => [...configNow().backends.values()].some(({ admin }) => admin !== null);
  const repairedAtMs = new Map<string, number>();
  let repairs: Promise<void> = Promise.resolve();

  const repair = async (keyId: string): Promise<void> => {
    if (signal.aborted) return;
    try {
      await withControl(configNow(), 'serve', (context) => repairKey(context, keyId));
      log.warn({ keyId }, 'put back a role that its backend did not accept');
    } catch (error) {
      log.warn({ keyId, error }, 'a role that its backend did not accept could not be put back');
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      if (canProvision()) {
        await maintainOnce(configNow(), log, signal).catch((error: unknown) =>
          log.warn({ error }, 'maintenance failed'),
        );
      }
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
      repairedAtMs.clear();
    }
  };

  const running = run();
  const hurry = () => stopping.abort();
  return {
    repairSoon: (keyId) => {
      const now = Date.now();
      if (!canProvision() || now - (repairedAtMs.get(keyId) ?? 0) < repairAgainAfterMs) return;
      repairedAtMs.set(keyId, now);
      repairs = repairs.then(() => repair(keyId));
    },
    hurry,
    stop: async () => {
      hurry();
      await Promise.all([running, repairs]);
    },
  };
};
