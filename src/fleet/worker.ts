/**
 * What an instance asks of its workers: of the one in its own process, or of those in processes of their own. Only plain
 * values, because they may have to travel.
 */

import type { Config } from '../config/config.ts';
import type { Awaitable, CancelKey, Denial } from '../gate/instance.ts';

export interface WorkerState {
  /** Of the policy that it decides by; null: it has none yet. */
  readonly policyVersion: number | null;
  /** Why it can admit nobody new at the moment; null: it can. */
  readonly closedBecause: Denial | null;
  /** How long the store has been away, for this worker; null: it is there. */
  readonly storeAwayMs: number | null;
}

/**
 * Why an instance cannot count on admitting whoever comes; null: it can. It takes all workers that answer, because nobody
 * outside chooses among them.
 */
export const whyClosed = (states: readonly Pick<WorkerState, 'closedBecause'>[]): Denial | null => {
  if (states.length === 0) return { code: 'starting-up', facts: {} };
  return states.map(({ closedBecause }) => closedBecause).find((why) => why !== null) ?? null;
};

export interface Worker {
  /** Resolves once it has the policy; waits for as long as the store is away. */
  ready(): Promise<void>;
  state(): Awaitable<WorkerState>;
  /** false: it has no such session. Resolves when the backend has dealt with it. */
  cancelQuery(key: CancelKey, address: string): Promise<boolean>;
  /** The same for a request that came by another instance, see `cancel-digest.ts`. */
  cancelQueryWithDigest(digest: string, address: string): Promise<boolean>;
  /** false: it has no such session. */
  endSession(id: string, actor: string): Awaitable<boolean>;
  /** Loads and checks everything that is new. Rejects with the sentence to tell; then it keeps what it has. */
  prepareReload(config: Config): Promise<void>;
  /** Takes over what was prepared. */
  applyReload(): Awaitable<void>;
  /** Comes to an end without breaking off work, see `docs/operations.md`; resolves when no connection is left. */
  drain(delayMs: number): Promise<void>;
  /** Ends what is left, and everything else. */
  stop(): Promise<void>;
}

/** One in this very process. */
export type LocalWorker = Worker & { readonly port: number };
