/**
 * A connection that is not logged in yet: ONE absolute deadline from accept to ReadyForQuery (the PROXY header, the
 * SSLRequest, the handshake, a withheld certificate, the password and the backend all count against it, so that no
 * gap lets a silent peer stay), and a place among the half-open connections of its address and of the instance.
 */

import { Refusal } from '../errors.ts';
import { placeWithin } from './answer.ts';
import { type Instance, unlessDenied } from './instance.ts';

export interface Login {
  /** Aborts with the Refusal to tell once the deadline has passed. */
  readonly signal: AbortSignal;
  /**
   * @param isAdmitted whether any account admits the address; asked only when it matters
   * @throws Refusal when too many connections are half-open, of this address or in all; the signal's reason
   */
  countFor(address: string, isAdmitted: () => boolean): Promise<void>;
  /** The connection is logged in, or closed. Harmless when repeated. */
  finish(): void;
}

/** Starts logins, and knows them while they last. */
export class WaitingRoom {
  readonly #instance: Pick<Instance, 'enterHalfOpen' | 'leaveHalfOpen'>;
  readonly #logins = new Set<AbortController>();
  #counted = 0;
  #emptied: (() => void) | null = null;

  constructor(instance: Pick<Instance, 'enterHalfOpen' | 'leaveHalfOpen'>) {
    this.#instance = instance;
  }

  /** How many have a place among the half-open connections. */
  get size(): number {
    return this.#counted;
  }

  startLogin(timeoutMs: number): Login {
    const controller = new AbortController();
    this.#logins.add(controller);
    const timer = setTimeout(() => {
      controller.abort(new Refusal('login-deadline', { seconds: Math.ceil(timeoutMs / 1000) }));
    }, timeoutMs);
    let counted: string | undefined;
    return {
      signal: controller.signal,
      countFor: async (address, isAdmitted) => {
        const enter = (admitted: boolean) =>
          placeWithin(this.#instance.enterHalfOpen(address, admitted), controller.signal, () =>
            this.#instance.leaveHalfOpen(address),
          );
        const denial = await enter(false);
        const hasMore = denial?.code === 'too-many-half-open' && isAdmitted();
        unlessDenied(hasMore ? await enter(true) : denial);
        counted = address;
        this.#counted += 1;
      },
      finish: () => {
        clearTimeout(timer);
        this.#logins.delete(controller);
        if (this.#logins.size === 0) this.#emptied?.();
        if (counted === undefined) return;
        this.#instance.leaveHalfOpen(counted);
        this.#counted -= 1;
        counted = undefined;
      },
    };
  }

  /** Resolves when nobody is logging in. For one at a time. */
  async emptied(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied = resolve;
    if (this.#logins.size === 0) resolve();
    await promise;
  }

  /** Ends every login with this reason. */
  abortAll(refusal: Refusal): void {
    for (const controller of this.#logins) controller.abort(refusal);
  }
}
