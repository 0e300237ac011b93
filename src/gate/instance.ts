/**
 * What a gate asks of the instance that it belongs to. An instance may have several gates, each in a process of its own:
 * whoever wants in is counted in one place for all of them, so that limits hold exactly. Only plain values, because they
 * may have to travel; an answer that has to travel is a promise.
 */

import { Refusal } from '../errors.ts';
import type { FailureCode, FailureFacts } from '../failures.ts';

export type Awaitable<T> = T | Promise<T>;

/** A Refusal on its way between processes. */
export interface Denial {
  readonly code: FailureCode;
  readonly facts: FailureFacts;
}

/** What whoever comes is told when the instance, or its worker, is about to end or gone. */
export const shuttingDown: Denial = { code: 'shutting-down', facts: {} };

/** What BackendKeyData tells the client (PostgreSQL manual, "Message Formats"). */
export interface CancelKey {
  readonly processId: number;
  readonly secret: Buffer;
}

/**
 * What became of a cancel request: `forwarded` to the backend by this instance, dealt with by another one, no session's,
 * or too many of them.
 */
export type CancelOutcome = 'forwarded' | 'elsewhere' | 'unknown' | 'throttled';

/** A session as others see it: what limits count, and what lists show. */
export interface SessionEntry {
  /** The connection's id. */
  readonly id: string;
  readonly accountId: string;
  readonly address: string;
  readonly certificateId: string | null;
  readonly keyId: string;
  readonly applicationName: string;
  readonly startedAt: Date;
}

export interface Instance {
  /**
   * A place among the connections that are logging in; null: it is theirs until `leaveHalfOpen`.
   * @param admitted some account admits the address: half of the places are for those alone
   */
  enterHalfOpen(address: string, admitted: boolean): Awaitable<Denial | null>;
  leaveHalfOpen(address: string): void;
  /**
   * A place among the sessions; null: it is theirs until `leaveSession`.
   * @param accountLimit of its account alone; null: as the instance says
   */
  enterSession(session: SessionEntry, accountLimit: number | null): Awaitable<Denial | null>;
  leaveSession(id: string): void;
  /** Somebody at `place` did not know a key; not null: it has guessed too often and has to wait. */
  keyFailed(place: string): Awaitable<Denial | null>;
  keyProved(place: string): void;
  /** Whether cancel requests from this address are still listened to. */
  mayCancel(address: string): Awaitable<boolean>;
  cancelFailed(address: string): void;
  /** Asks everybody else; resolves when theirs is dealt with, and soon in any case. */
  cancelElsewhere(key: CancelKey, address: string): Awaitable<CancelOutcome>;
  /** A backend did not accept the role of this API key. */
  roleRejected(keyId: string): void;
}

/** @throws Refusal */
export const unlessDenied = (denial: Denial | null): void => {
  if (denial) throw new Refusal(denial.code, denial.facts);
};
