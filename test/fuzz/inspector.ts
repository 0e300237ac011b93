/** Another Node process by its inspector (Chrome DevTools Protocol): how much memory it holds. */

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
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

  /** Bytes that objects and buffers take when everything unused has been collected. */
  async memoryInUse(): Promise<number> {
    await this.#ask('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = (await this.#ask('Runtime.getHeapUsage')) as {
      readonly usedSize: number;
      readonly backingStorageSize: number;
    };
    return usedSize + backingStorageSize;
  }

  #ask(method: string): Promise<unknown> {
    this.#asked += 1;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#asked, waiting);
    this.#socket.send(JSON.stringify({ id: this.#asked, method }));
    return waiting.promise;
  }
}
