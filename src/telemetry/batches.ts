/**
 * Records on their way to the store: gathered, written in batches, never waited for. The queue is bounded; when the
 * store is away for too long the oldest records go, and are counted.
 */

export interface BatchOptions<Item> {
  readonly capacity: number;
  readonly flushIntervalMs: number;
  readonly write: (batch: readonly Item[]) => Promise<void>;
  readonly onDropped: (count: number) => void;
  readonly onFailed: (error: unknown) => void;
}

const largestBatch = 1_000;

export class Batches<Item> {
  readonly #options: BatchOptions<Item>;
  readonly #queue: Item[] = [];
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(options: BatchOptions<Item>) {
    this.#options = options;
    this.#timer = setInterval(() => void this.flush(), options.flushIntervalMs);
  }

  /** What has not been written yet, but for a batch under way. */
  get size(): number {
    return this.#queue.length;
  }

  add(item: Item): void {
    this.#queue.push(item);
    this.#trim();
  }

  /** Writes what is there; resolves when that was tried. Never rejects, never two writes at once. */
  flush(): Promise<void> {
    if (!this.#busy && this.#queue.length > 0) {
      this.#busy = true;
      this.#writing = this.#writeAll().finally(() => {
        this.#busy = false;
      });
    }
    return this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await this.flush();
  }

  #trim(): void {
    const over = this.#queue.length - this.#options.capacity;
    if (over <= 0) return;
    this.#queue.splice(0, over);
    this.#options.onDropped(over);
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, largestBatch);
      try {
        await this.#options.write(batch);
      } catch (error) {
        this.#queue.unshift(...batch);
        this.#trim();
        this.#options.onFailed(error);
        return;
      }
    }
  }
}
