/** A crew of one, in this very process. */

import type { Config } from '../config/config.ts';
import type { Awaitable, Instance } from '../gate/instance.ts';
import type { Crew } from './crew.ts';
import type { LocalWorker, Worker } from './worker.ts';

export class LoneWorker implements Crew {
  readonly #instance: Instance;
  readonly #begin: (instance: Instance) => Promise<LocalWorker>;
  #worker: LocalWorker | null = null;

  constructor(instance: Instance, begin: (instance: Instance) => Promise<LocalWorker>) {
    this.#instance = instance;
    this.#begin = begin;
  }

  get port(): number {
    return this.#worker?.port ?? 0;
  }

  get size(): number {
    return this.#worker ? 1 : 0;
  }

  async start(): Promise<void> {
    this.#worker = await this.#begin(this.#instance);
  }

  async each<T>(ask: (worker: Worker) => Awaitable<T>): Promise<T[]> {
    return this.#worker ? [await ask(this.#worker)] : [];
  }

  async any(ask: (worker: Worker) => Awaitable<boolean>, except?: Instance): Promise<boolean> {
    return this.#worker !== null && except !== this.#instance && (await ask(this.#worker));
  }

  async metrics(): Promise<readonly []> {
    return [];
  }

  async prepareReload(config: Config): Promise<() => void> {
    await this.#worker?.prepareReload(config);
    return () => void this.#worker?.applyReload();
  }

  async drain(delayMs: number): Promise<void> {
    await this.#worker?.drain(delayMs);
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
  }
}
