/** The workers of an instance together, however many they are and wherever they run. */

import type { Config } from '../config/config.ts';
import type { Awaitable, Instance } from '../gate/instance.ts';
import type { MetricValues } from '../telemetry/merge.ts';
import type { Worker } from './worker.ts';

export interface Crew {
  /** Where it listens; 0 before it does. */
  readonly port: number;
  /** How many are serving. */
  readonly size: number;
  /** @throws RequestError what one says that cannot serve; `stop` is still to be called */
  start(): Promise<void>;
  /** What each says that is serving, within that time; what one rejects with counts as no answer. */
  each<T>(ask: (worker: Worker) => Awaitable<T>, patienceMs?: number): Promise<T[]>;
  /** Resolves with the first `true`, or with false when nobody says so. @param except is the one that asks */
  any(ask: (worker: Worker) => Awaitable<boolean>, except?: Instance): Promise<boolean>;
  /** Of processes of their own: those that serve, and what is left of those that have ended. */
  metrics(): Promise<readonly MetricValues[]>;
  /** All or none. Rejects with the sentence of the first one that cannot; the function that it resolves with swaps. */
  prepareReload(config: Config): Promise<() => void>;
  /** From here on none that dies is replaced. */
  drain(delayMs: number): Promise<void>;
  stop(): Promise<void>;
}
