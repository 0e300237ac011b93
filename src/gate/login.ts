/**
 * A connection that is not logged in yet: ONE absolute deadline from accept to ReadyForQuery (the PROXY header, the
 * SSLRequest, the handshake, a withheld certificate, the password and the backend all count against it, so that no
 * gap lets a silent peer stay), and a place among the half-open connections of its address and of the instance.
 */

import { Refusal } from '../errors.ts';

export interface HalfOpenLimits {
  readonly halfOpen: number;
  readonly halfOpenPerAddress: number;
}

export interface Login {
  /** Aborts with the Refusal to tell once the deadline has passed. */
  readonly signal: AbortSignal;
  /** @throws Refusal when too many connections are half-open, of this address or in all */
  countFor(address: string): void;
  /** The connection is logged in, or gone. Harmless when repeated. */
  finish(): void;
}

/** Starts logins and counts them while they last. */
export class WaitingRoom {
  #limits: HalfOpenLimits;
  readonly #perAddress = new Map<string, number>();
  readonly #logins = new Set<AbortController>();
  #total = 0;

  constructor(limits: HalfOpenLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#total;
  }

  /** For whoever comes from now on. */
  setLimits(limits: HalfOpenLimits): void {
    this.#limits = limits;
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
      countFor: (address) => {
        this.#enter(address);
        counted = address;
      },
      finish: () => {
        clearTimeout(timer);
        this.#logins.delete(controller);
        if (counted !== undefined) this.#leave(counted);
        counted = undefined;
      },
    };
  }

  /** Ends every login with this reason. */
  abortAll(refusal: Refusal): void {
    for (const controller of this.#logins) controller.abort(refusal);
  }

  #enter(address: string): void {
    const { halfOpen, halfOpenPerAddress } = this.#limits;
    const here = this.#perAddress.get(address) ?? 0;
    if (here >= halfOpenPerAddress) throw new Refusal('address-half-open', { limit: halfOpenPerAddress });
    if (this.#total >= halfOpen) throw new Refusal('too-many-half-open', { limit: halfOpen });
    this.#perAddress.set(address, here + 1);
    this.#total += 1;
  }

  #leave(address: string): void {
    const here = this.#perAddress.get(address) ?? 0;
    if (here <= 1) this.#perAddress.delete(address);
    else this.#perAddress.set(address, here - 1);
    this.#total -= 1;
  }
}
