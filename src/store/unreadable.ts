/**
 * Which accounts of the policy that a gate holds cannot be read, as one error for health and log. They admit nobody;
 * nothing here decides that.
 */

import type { PackedAccount } from '../policy/packed-account.ts';

export class UnreadableAccounts {
  readonly #problems = new Map<string, string>();
  #error: Error | null = null;

  /** null: all can be read. The same object for as long as it says the same. */
  get error(): Error | null {
    return this.#error;
  }

  /** @param removed ids of accounts that are gone; `all`: what is not among `changed` */
  note(changed: readonly PackedAccount[], removed: readonly string[] | 'all'): void {
    if (removed === 'all') this.#problems.clear();
    else for (const id of removed) this.#problems.delete(id);
    for (const { id, unreadable } of changed) {
      if (unreadable === null) this.#problems.delete(id);
      else this.#problems.set(id, unreadable);
    }
    const message = [...this.#problems.values()].sort().join(' ');
    if (message !== (this.#error?.message ?? '')) this.#error = message === '' ? null : new Error(message);
  }
}
