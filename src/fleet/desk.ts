/**
 * The instance as one of its workers sees it, with a note of what that worker holds: when it dies, all of it is free
 * again.
 */

import {
  type CancelKey,
  type CancelOutcome,
  type Denial,
  type Instance,
  type SessionEntry,
  shuttingDown,
} from '../gate/instance.ts';
import type { Ledger } from './ledger.ts';
import { Tally } from './tally.ts';

export interface DeskOptions {
  readonly ledger: Ledger;
  /** Asks the other workers, then the other instances. Never rejects. */
  readonly cancelElsewhere: (key: CancelKey, address: string) => Promise<CancelOutcome>;
  readonly onRoleRejected: (keyId: string) => void;
}

export class Desk implements Instance {
  readonly #options: DeskOptions;
  readonly #ledger: Ledger;
  readonly #halfOpen = new Tally();
  readonly #sessions = new Set<string>();
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#ledger = options.ledger;
  }

  /** How many sessions the worker has. */
  get sessions(): number {
    return this.#sessions.size;
  }

  enterHalfOpen(address: string, admitted: boolean): Denial | null {
    if (this.#closed) return shuttingDown;
    const denial = this.#ledger.enterHalfOpen(address, admitted);
    if (!denial) this.#halfOpen.add(address);
    return denial;
  }

  leaveHalfOpen(address: string): void {
    if (this.#halfOpen.of(address) === 0) return;
    this.#halfOpen.remove(address);
    this.#ledger.leaveHalfOpen(address);
  }

  enterSession(session: SessionEntry, accountLimit: number | null): Denial | null {
    if (this.#closed) return shuttingDown;
    const denial = this.#ledger.enterSession(session, accountLimit);
    if (!denial) this.#sessions.add(session.id);
    return denial;
  }

  leaveSession(id: string): void {
    this.#sessions.delete(id);
    this.#ledger.leaveSession(id);
  }

  keyFailed(place: string): Denial | null {
    return this.#ledger.keyFailed(place);
  }

  keyProved(place: string): void {
    this.#ledger.keyProved(place);
  }

  mayCancel(address: string): boolean {
    return this.#ledger.mayCancel(address);
  }

  cancelFailed(address: string): void {
    this.#ledger.cancelFailed(address);
  }

  cancelElsewhere(key: CancelKey, address: string): Promise<CancelOutcome> {
    return this.#options.cancelElsewhere(key, address);
  }

  roleRejected(keyId: string): void {
    this.#options.onRoleRejected(keyId);
  }

  /** The worker is gone; what it held is free. What it has sent may still arrive, and changes nothing any more. */
  close(): void {
    this.#closed = true;
    for (const address of [...this.#halfOpen.names()]) this.leaveHalfOpen(address);
    for (const id of this.#sessions) this.leaveSession(id);
  }
}
