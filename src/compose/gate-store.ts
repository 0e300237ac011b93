/** The store as a gate may use it: with the rights of its role, and for the records of what connections did. */

import type { Config } from '../config/config.ts';
import type { Database, DatabaseOptions } from '../postgres/database.ts';
import { appendAttempts } from '../store/attempts.ts';
import { stampLastUsed } from '../store/last-used.ts';
import { gateRole } from '../store/roles.ts';
import { Recorder, type RecorderOptions } from '../telemetry/recorder.ts';

export const storeOptions = (config: Config): DatabaseOptions => ({
  url: config.store.url,
  role: gateRole,
  applicationName: 'postern gate',
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 30_000,
  maxConnections: 3,
});

export interface AttemptRecording extends Pick<RecorderOptions, 'flushIntervalMs' | 'metrics' | 'log'> {
  readonly store: Database;
  readonly instanceId: string;
}

/** To be closed before the store is. */
export const recordAttempts = ({ store, instanceId, ...options }: AttemptRecording): Recorder =>
  new Recorder({
    ...options,
    appendAttempts: (batch) =>
      appendAttempts(
        store,
        batch.map((attempt) => ({ ...attempt, instanceId })),
      ),
    stampLastUsed: (lastUsed) => stampLastUsed(store, lastUsed),
  });
