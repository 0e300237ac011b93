/** Another Node process by its inspector (Chrome DevTools Protocol): its heap, and which of its code has run. */

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly {
        readonly startOffset: number;
        readonly endOffset: number;
        readonly count: number;
      }[];
    }[];
  }[];
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id = 0, result, error } = JSON.parse(String(data)) as Answer;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    };
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The inspected process has gone.'));
      this.#waiting.clear();
    };
  }

  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`No inspector at ${url}`));
    await promise;
    return new Inspector(socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** Bytes of the heap that are in use when everything unused has been collected. */
  async heapInUse(): Promise<number> {
    await this.#ask('HeapProfiler.collectGarbage');
    const { usedSize } = (await this.#ask('Runtime.getHeapUsage')) as { usedSize: number };
    return usedSize;
  }

  /** Counts from now on which code runs. */
  async startCoverage(): Promise<void> {
    await this.#ask('Profiler.enable');
    await this.#ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Names of the blocks of code that have run since the last time, in files whose URL fits. */
  async blocksRun(files: RegExp): Promise<string[]> {
    const { result } = (await this.#ask('Profiler.takePreciseCoverage')) as Coverage;
    return result
      .filter(({ url }) => files.test(url))
      .flatMap(({ url, functions }) =>
        functions.flatMap(({ ranges }) =>
          ranges
            .filter(({ count }) => count > 0)
            .map(({ startOffset, endOffset }) => `${url}:${startOffset}-${endOffset}`),
        ),
      );
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    this.#asked += 1;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#asked, waiting);
    this.#socket.send(JSON.stringify({ id: this.#asked, method, params }));
    return waiting.promise;
  }
}
