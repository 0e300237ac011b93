/**
 * What gates tell the store about connections: attempts, and when certificates and keys were last used. In batches,
 * beside the connection path; a store that is away costs records (counted), never a login.
 */

import { Batches } from './batches.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { AttemptRecord } from './report.ts';

export interface RecorderOptions {
  readonly flushIntervalMs: number;
  /** Gives an error for each attempt that the store will never take; rejects when the batch may be tried again. */
  readonly appendAttempts: (batch: readonly AttemptRecord[]) => Promise<readonly unknown[]>;
  readonly stampLastUsed: (lastUsed: {
    readonly certificates: ReadonlyMap<string, number>;
    readonly keys: ReadonlyMap<string, number>;
  }) => Promise<void>;
  readonly metrics: Metrics;
  readonly log: Log;
}

const capacity = 10_000;

export class Recorder {
  readonly #batches: Batches<AttemptRecord>;

  constructor({ flushIntervalMs, appendAttempts, stampLastUsed, metrics, log }: RecorderOptions) {
    this.#batches = new Batches<AttemptRecord>({
      capacity,
      flushIntervalMs,
      write: async (batch) => {
        const [error, ...more] = await appendAttempts(batch);
        await stampLastUsed(latestUses(batch));
        if (error === undefined) return;
        const dropped = 1 + more.length;
        metrics.attemptsDropped.inc(dropped);
        log.error({ error, dropped }, 'the store does not take some attempts; they are dropped');
      },
      onDropped: (count) => metrics.attemptsDropped.inc(count),
      onFailed: (error) => log.warn({ error }, 'attempts could not be written to the store; will try again'),
    });
  }

  /** Records on their way. */
  get waiting(): number {
    return this.#batches.size;
  }

  readonly add = (attempt: AttemptRecord): void => this.#batches.add(attempt);

  /** Writes what is left, if the store takes it. */
  close(): Promise<void> {
    return this.#batches.close();
  }
}

const latestUses = (batch: readonly AttemptRecord[]) => {
  const certificates = new Map<string, number>();
  const keys = new Map<string, number>();
  for (const { outcome, at, certificateId, keyId } of batch) {
    if (outcome !== 'admitted') continue;
    if (certificateId !== null) certificates.set(certificateId, at.getTime());
    if (keyId !== null) keys.set(keyId, at.getTime());
  }
  return { certificates, keys };
};
