/**
 * Configuration and certificates anew while everything runs: load and check → build → swap, all of it or nothing. What
 * goes wrong is one line in the log and a count, and everything stays as it was. Reloads run one after the other.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import type { AdjustableLog } from '../telemetry/log.ts';
import { digestOfFiles, filesWatchedFor } from './certificate-files.ts';
import { reloadable } from './reloadable.ts';

/** Loads and checks what it needs; the function that it returns swaps at once and cannot fail. */
export type Prepare = (next: Config) => Promise<() => void>;

/** `ignored`: Postern is about to stop. */
export type ReloadOutcome = 'applied' | 'failed' | 'ignored';

export interface ReloadOptions {
  /** As it was at the start. */
  readonly config: Config;
  /** @throws ConfigError with every problem */
  readonly loadConfig: () => Config;
  readonly log: AdjustableLog;
  readonly onOutcome: (outcome: 'applied' | 'failed') => void;
}

const lookEveryMs = 2_000;

export class Reload {
  readonly #options: ReloadOptions;
  readonly #stopping = new AbortController();
  readonly #begun = Promise.withResolvers<void>();
  #queue: Promise<unknown> = this.#begun.promise;
  #parts: readonly Prepare[] = [];
  #watching: Promise<void> | null = null;
  #config: Config;
  /** Of the certificate files that were loaded, or refused; read before them, so that no change is missed. */
  #digest: string | Promise<string>;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#digest = digestOfFiles(filesWatchedFor(options.config));
  }

  /** What is in force: settings that only a restart changes are as they were at the start. */
  get config(): Config {
    return this.#config;
  }

  /** Everything is built: reloads that were asked for run now, and the certificate files are watched. */
  begin(parts: readonly Prepare[]): void {
    this.#parts = parts;
    this.#begun.resolve();
    this.#watching = this.#watch();
  }

  /** Reads the configuration file and the files that it names; never rejects. @param cause for the log */
  readonly now = (cause: string): Promise<ReloadOutcome> => this.#enqueue(cause, this.#options.loadConfig);

  /** From here on reloads are ignored; resolves when none is under way. */
  readonly stop = async (): Promise<void> => {
    this.#stopping.abort();
    this.#begun.resolve();
    await Promise.all([this.#queue, this.#watching]);
  };

  #enqueue(cause: string, load: () => Config): Promise<ReloadOutcome> {
    const done = this.#queue.then(() => this.#reload(cause, load));
    this.#queue = done;
    return done;
  }

  async #reload(cause: string, load: () => Config): Promise<ReloadOutcome> {
    const { log, onOutcome } = this.#options;
    const { signal } = this.#stopping;
    try {
      if (signal.aborted) return 'ignored';
      const { next, needRestart } = reloadable(this.#options.config, load());
      const files = filesWatchedFor(next);
      const digest = await digestOfFiles(files);
      // Also where they turn out to be unusable: once is enough to say so.
      if (isDeepStrictEqual(files, filesWatchedFor(this.#config))) this.#digest = digest;
      const swaps = await Promise.all(this.#parts.map((prepare) => prepare(next)));
      if (signal.aborted) return 'ignored';
      for (const swap of swaps) swap();
      this.#config = next;
      this.#digest = digest;
      log.setLevel(next.telemetry.logLevel);
      log.info({ cause }, 'reloaded');
      if (needRestart.length > 0) {
        log.warn({ settings: needRestart }, 'these settings have changed and take a restart');
      }
      onOutcome('applied');
      return 'applied';
    } catch (error) {
      log.error({ cause, problem: messageOf(error) }, 'not reloaded, everything stays as it was');
      onOutcome('failed');
      return 'failed';
    }
  }

  /** Loads certificates again when their files say something else, twice the same: a pair is never read half-written. */
  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    let seen = await this.#digest;
    while (!signal.aborted) {
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
      const before = seen;
      seen = await digestOfFiles(filesWatchedFor(this.#config));
      if (signal.aborted || seen !== before || seen === (await this.#digest)) continue;
      await this.#enqueue('certificate files have changed', () => this.#config);
    }
  }
}
