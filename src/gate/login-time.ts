/**
 * Where the time of a login goes: waiting for the client, waiting for the backend, and the rest, which is Postern's own.
 * Whoever waits says for whom. What has arrived while the event loop was busy counts as waited for.
 */

export interface LoginParts {
  readonly client: number;
  readonly postern: number;
  readonly backend: number;
}

export class LoginTime {
  readonly #clockMs: () => number;
  readonly #beganAtMs: number;
  readonly #waitedMs = { client: 0, backend: 0 };
  #parts: LoginParts | null = null;

  /** @param clockMs one that nobody sets */
  constructor(clockMs: () => number = () => performance.now()) {
    this.#clockMs = clockMs;
    this.#beganAtMs = clockMs();
  }

  /** Milliseconds, once the login is finished; else null. */
  get parts(): LoginParts | null {
    return this.#parts;
  }

  async waitingFor<T>(whom: 'client' | 'backend', step: Promise<T>): Promise<T> {
    const sinceMs = this.#clockMs();
    try {
      return await step;
    } finally {
      this.#waitedMs[whom] += this.#clockMs() - sinceMs;
    }
  }

  finish(): void {
    const { client, backend } = this.#waitedMs;
    this.#parts = { client, backend, postern: this.#clockMs() - this.#beganAtMs - client - backend };
  }
}
