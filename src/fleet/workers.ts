/**
 * The workers of an instance, each in a process of its own: starts them, replaces one that dies, and asks all of them
 * at once. One that dies takes only its own sessions with it.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { messageOf, RequestError } from '../errors.ts';
import type { Awaitable, Instance } from '../gate/instance.ts';
import type { Log } from '../telemetry/log.ts';
import { keepCounts, type MetricValues } from '../telemetry/merge.ts';
import { within } from '../within.ts';
import type { Crew } from './crew.ts';
import type { Desk } from './desk.ts';
import { untilItHangs } from './watchdog.ts';
import type { Worker } from './worker.ts';
import { type SpawnOptions, type StartWorker, type WorkerExit, WorkerProcess } from './worker-process.ts';

export interface WorkersOptions {
  readonly count: number;
  readonly first: Omit<StartWorker, 'number'>;
  readonly spawn: Omit<SpawnOptions, 'desk'>;
  readonly openDesk: () => Desk;
  readonly onDied: () => void;
  /** One that does not answer for so long is killed, and replaced. */
  readonly hangsAfterMs: number;
  readonly log: Log;
}

/** A worker that dies again and again must not keep the computer busy. */
const firstPauseMs = 100;
const longestPauseMs = 30_000;
const steadyAfterMs = 60_000;
/** What a worker needs beyond its drain timeout; one that takes longer has stopped answering. */
const drainGraceMs = 6_000;
const reloadPatienceMs = 10_000;
/** One that does not answer must not take the metrics of the others with it. */
const metricsPatienceMs = 2_000;

export class Workers implements Crew {
  readonly #options: WorkersOptions;
  readonly #stopping = new AbortController();
  readonly #starting = new Set<WorkerProcess>();
  readonly #serving = new Set<WorkerProcess>();
  readonly #replacements = new Set<Promise<void>>();
  readonly #lastSeen = new Map<WorkerProcess, MetricValues>();
  /** When this process ends by force there is no time to tell them. */
  readonly #killAll = () => {
    for (const worker of [...this.#starting, ...this.#serving]) worker.killNow();
  };
  #config: Config;
  #port: number;
  #started = 0;
  #pauseMs = firstPauseMs;
  #diedAtMs = Number.NEGATIVE_INFINITY;
  /** What those counted that are gone; one after the other, because two may go at once. */
  #ended: Promise<MetricValues> = Promise.resolve([]);

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#config = options.first.config;
    this.#port = options.first.port;
  }

  get port(): number {
    return this.#port;
  }

  get size(): number {
    return this.#serving.size;
  }

  async start(): Promise<void> {
    const { count, first } = this.#options;
    process.on('exit', this.#killAll);
    try {
      // The first one finds out which port it is, if any will do.
      await this.#startOne(first.whenReady);
      await Promise.all(Array.from({ length: count - 1 }, () => this.#startOne(first.whenReady)));
    } catch (error) {
      throw new RequestError(messageOf(error), { cause: error });
    }
  }

  async each<T>(ask: (worker: Worker) => Awaitable<T>, patienceMs?: number): Promise<T[]> {
    const none: T[] = [];
    const answers = [...this.#serving].map(async ({ calls }) => {
      const answer = Promise.resolve(ask(calls)).then(
        (value) => [value],
        () => none,
      );
      return patienceMs === undefined ? answer : within(patienceMs, answer, none);
    });
    return (await Promise.all(answers)).flat(1) as T[];
  }

  any(ask: (worker: Worker) => Awaitable<boolean>, except?: Instance): Promise<boolean> {
    const found = [...this.#serving]
      .filter(({ desk }) => desk !== except)
      .map(async ({ calls }) => {
        if (!(await ask(calls))) throw new Error('not this one');
      });
    return Promise.any(found).then(
      () => true,
      () => false,
    );
  }

  async metrics(): Promise<readonly MetricValues[]> {
    const seen = [...this.#serving].map(async (worker) => {
      const values = await within(metricsPatienceMs, worker.calls.metrics(), null);
      if (values && this.#serving.has(worker)) this.#lastSeen.set(worker, values);
    });
    await Promise.allSettled(seen);
    return [...this.#lastSeen.values(), await this.#ended];
  }

  async prepareReload(next: Config): Promise<() => void> {
    const asked = new Set(this.#serving);
    await Promise.all([...asked].map((worker) => this.#prepareOne(worker, next)));
    return () => {
      this.#config = next;
      for (const { calls } of asked) void calls.applyReload().catch(() => undefined);
      // Replacements that have begun to serve meanwhile, by what was in force before.
      for (const worker of this.#serving.difference(asked))
        void this.#reloadOne(worker).catch(() => undefined);
    };
  }

  async drain(delayMs: number): Promise<void> {
    await this.#startNoMore();
    const patienceMs = delayMs + (this.#config.gate?.drainTimeoutMs ?? 0) + drainGraceMs;
    const drained = [...this.#serving].map(async (worker) => {
      const answer = worker.calls.drain(delayMs).catch(() => undefined);
      if ((await within(patienceMs, answer, 'late')) !== 'late') return;
      this.#options.log.error({ pid: worker.pid }, 'a worker does not come to its end: it is killed');
      await worker.kill();
    });
    await Promise.all(drained);
  }

  async stop(): Promise<void> {
    await this.#startNoMore();
    await Promise.all([...this.#serving].map((worker) => worker.stop()));
    await Promise.all(this.#replacements);
    process.off('exit', this.#killAll);
  }

  async #startNoMore(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#starting].map((worker) => worker.kill()));
  }

  /** Resolves when it serves; rejects with why it cannot. */
  async #startOne(whenReady: boolean): Promise<void> {
    const { first, spawn, openDesk, log } = this.#options;
    const worker = new WorkerProcess({ ...spawn, desk: openDesk() });
    this.#starting.add(worker);
    void worker.exited.then((exit) => this.#onExit(worker, exit));
    this.#started += 1;
    const number = this.#started;
    try {
      let config = this.#config;
      this.#port = await worker.calls.start({ ...first, config, number, port: this.#port, whenReady });
      while (this.#config !== config) {
        config = this.#config;
        await this.#reloadOne(worker);
      }
      this.#serving.add(worker);
      log.info({ worker: number, pid: worker.pid }, 'worker serves');
      void this.#watch(worker);
    } catch (error) {
      await worker.kill();
      throw error;
    } finally {
      this.#starting.delete(worker);
    }
  }

  #onExit(worker: WorkerProcess, exit: WorkerExit): void {
    const { desk, leaving, pid } = worker;
    const served = this.#serving.delete(worker);
    if (served && !leaving) {
      this.#options.log.error({ pid, ...exit, sessions: desk.sessions }, 'a worker has died');
      this.#options.onDied();
    }
    desk.close();
    if (served && !leaving && !this.#stopping.signal.aborted) {
      const replacement = this.#replace().finally(() => this.#replacements.delete(replacement));
      this.#replacements.add(replacement);
    }
    const last = this.#lastSeen.get(worker) ?? [];
    this.#lastSeen.delete(worker);
    this.#ended = this.#ended.then((ended) => keepCounts([ended, last]));
  }

  async #watch(worker: WorkerProcess): Promise<void> {
    const { hangsAfterMs, log } = this.#options;
    const gone = new AbortController();
    void worker.exited.then(() => gone.abort());
    const hangs = await untilItHangs({
      ask: async () => worker.calls.state(),
      hangsAfterMs,
      stopped: AbortSignal.any([gone.signal, this.#stopping.signal]),
    });
    if (!hangs) return;
    log.error({ pid: worker.pid, afterMs: hangsAfterMs }, 'a worker does not answer: it is killed');
    worker.killNow();
  }

  /** One that dies meanwhile keeps nobody from reloading: its replacement catches up. */
  async #prepareOne({ calls }: WorkerProcess, next: Config): Promise<void> {
    const prepared = calls.prepareReload(next).catch((error: unknown) => {
      if (!calls.$closed) throw error;
    });
    if ((await within(reloadPatienceMs, prepared, 'late')) === 'late') {
      throw new RequestError('A worker does not answer.');
    }
  }

  async #reloadOne({ calls }: WorkerProcess): Promise<void> {
    await calls.prepareReload(this.#config);
    await calls.applyReload();
  }

  async #replace(): Promise<void> {
    const { signal } = this.#stopping;
    if (performance.now() - this.#diedAtMs > steadyAfterMs) this.#pauseMs = firstPauseMs;
    this.#diedAtMs = performance.now();
    while (!signal.aborted) {
      await delay(this.#pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
      try {
        return await this.#startOne(true);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.error({ error }, 'a worker could not be replaced; will try again');
      }
    }
  }
}
