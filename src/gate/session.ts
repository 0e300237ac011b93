/**
 * One session from the proof of its API key until its end: what it was admitted with, the cancel key that its client
 * knows, and the one way to end it. Whoever runs it (open, relay) listens to `ending`.
 */

import type { Refusal } from '../errors.ts';
import type { SessionClaims } from '../policy/recheck.ts';
import type { ConnectionFacts } from './facts.ts';

/** How much has gone through and whether work is under way; the relay keeps it current. */
export interface SessionMeter {
  readonly clientToBackendBytes: number;
  readonly backendToClientBytes: number;
  /** The backend has answered everything and waits for the client. */
  readonly idle: boolean;
  /** Idle, and in no transaction: to end it loses nothing. */
  readonly atRest: boolean;
}

export class Session {
  readonly #ending = new AbortController();
  #meter: SessionMeter | null = null;
  #endAtRest: Refusal | null = null;
  #cancelQuery: (() => Promise<void>) | null = null;
  /** Epoch ms at which the session has to be judged again though nothing changed. */
  admittedUntilMs = 0;
  /** The process id that its client was told in BackendKeyData. */
  processId: number | undefined;
  readonly claims: SessionClaims;
  readonly facts: ConnectionFacts;

  constructor(claims: SessionClaims, facts: ConnectionFacts) {
    this.claims = claims;
    this.facts = facts;
  }

  get id(): string {
    return this.facts.id;
  }

  /** Aborts with the Refusal to tell when the session has to end. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** null before the relay runs. */
  get meter(): SessionMeter | null {
    return this.#meter;
  }

  end(refusal: Refusal): void {
    this.#ending.abort(refusal);
  }

  /** Ends the session at once if it is at rest, else with the answer that brings it there. */
  endAtRest(refusal: Refusal): void {
    this.#endAtRest = refusal;
    this.answered();
  }

  /** The relay has passed something on from the backend. */
  answered(): void {
    if (this.#endAtRest && this.#meter?.atRest) this.end(this.#endAtRest);
  }

  /** The backend is logged in: from here on its running query can be cancelled. */
  opened(cancelQuery: () => Promise<void>): void {
    this.#cancelQuery = cancelQuery;
  }

  relaying(meter: SessionMeter): void {
    this.#meter = meter;
  }

  /** Resolves once the backend has dealt with the cancel request; never rejects. */
  async cancelQuery(): Promise<void> {
    await this.#cancelQuery?.();
  }
}
