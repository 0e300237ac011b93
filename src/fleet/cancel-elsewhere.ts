/**
 * Cancel requests whose session another instance has: asks all of them by an order and waits, for a short time, for the
 * one answer. Whatever strangers send, the store hears no more than the limit, and nothing about addresses that no
 * account admits. Never rejects, and never tells anybody a cancel key.
 */

import { randomUUID } from 'node:crypto';
import type { CancelKey } from '../gate/instance.ts';
import type { CancelQueryOrder } from '../store/orders.ts';

export interface CancelElsewhereOptions {
  readonly digestOf: (key: CancelKey) => string;
  readonly send: (order: CancelQueryOrder) => Promise<void>;
  /** false: there is nobody to ask. */
  readonly hasOthers: () => boolean;
  /** How long an answer may take: NOTIFY, the other's cancel request to its backend, NOTIFY. */
  readonly patienceMs: number;
  /** Orders that this instance sends within a second at most. */
  readonly perSecond: number;
  /** Aborts when nobody waits for answers any more. */
  readonly stopped: AbortSignal;
  readonly onFailed: (error: unknown) => void;
}

export class CancelElsewhere {
  readonly #options: CancelElsewhereOptions;
  readonly #waiting = new Map<string, () => void>();
  #secondBeganAtMs = Number.NEGATIVE_INFINITY;
  #sentThisSecond = 0;

  constructor(options: CancelElsewhereOptions) {
    this.#options = options;
  }

  /**
   * @param address the client's, as shown
   * @returns `elsewhere` once the backend has dealt with it; `throttled` when too many ask at the moment
   */
  async ask(key: CancelKey, address: string): Promise<'elsewhere' | 'unknown' | 'throttled'> {
    const { digestOf, send, hasOthers, patienceMs, stopped, onFailed } = this.#options;
    if (stopped.aborted || !hasOthers()) return 'unknown';
    if (!this.#mayAsk()) return 'throttled';
    const request = randomUUID();
    const { promise, resolve } = Promise.withResolvers<'elsewhere' | 'unknown'>();
    const giveUp = () => resolve('unknown');
    const timer = setTimeout(giveUp, patienceMs);
    stopped.addEventListener('abort', giveUp, { once: true });
    this.#waiting.set(request, () => resolve('elsewhere'));
    send({ kind: 'cancel-query', request, digest: digestOf(key), address }).catch((error: unknown) => {
      onFailed(error);
      giveUp();
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stopped.removeEventListener('abort', giveUp);
      this.#waiting.delete(request);
    }
  }

  /** An answer came: perhaps ours, perhaps too late. */
  answered(request: string): void {
    this.#waiting.get(request)?.();
  }

  #mayAsk(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#secondBeganAtMs >= 1_000) {
      this.#secondBeganAtMs = nowMs;
      this.#sentThisSecond = 0;
    }
    this.#sentThisSecond += 1;
    return this.#sentThisSecond <= this.#options.perSecond;
  }
}
