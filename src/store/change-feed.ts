/**
 * Keeps a consumer's policy up to date. One loop loads: first everything, then what changed, never two loads at once.
 * A second one listens; a NOTIFY only wakes the first, so a lost one costs no more than the poll interval, and a burst
 * costs one load. Both go on until `stop()`, with backoff, and neither ever throws.
 */

import type { PackedAccount } from '../policy/packed-account.ts';
import type { Database } from '../postgres/database.ts';
import { type ConnectListener, keepListening } from './listening.ts';
import { backoffMs, pause } from './pause.ts';
import { loadChanges, loadPolicy, type PolicyChanges } from './policy.ts';
import { UnreadableAccounts } from './unreadable.ts';

const policyChannel = 'postern_policy';

/** `whole` replaces everything the consumer has: the first load, and a store that was set back. */
export type PolicyUpdate =
  | { readonly kind: 'whole'; readonly version: number; readonly accounts: readonly PackedAccount[] }
  | ({ readonly kind: 'changes' } & PolicyChanges);

/** `polling`: loads succeed but nothing wakes them early; `failing`: the last load failed. */
export type FeedState = 'starting' | 'following' | 'polling' | 'failing';

export interface FeedHealth {
  readonly state: FeedState;
  /** By `now`: what the consumer has was the truth then, or later. null: nothing loaded yet. */
  readonly lastConfirmedAt: number | null;
  /** Why it is failing or only polling, else which accounts admit nobody for a fault in them; for the log. */
  readonly error: unknown;
}

export interface FollowOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly connectListener: ConnectListener;
  readonly pollIntervalMs: number;
  /** Applies an update; what it throws makes the feed `failing`, and the change is delivered again. */
  readonly onChange: (update: PolicyUpdate) => void;
  /** Called when the state changes, and when other accounts than before are at fault. */
  readonly onHealth?: (health: FeedHealth) => void;
  /** Milliseconds of a clock that nobody can set, unless a test has its own. */
  readonly now?: () => number;
}

export interface PolicyFeed {
  health(): FeedHealth;
  /** No `onChange` follows; resolves when nothing is under way and the listener is closed. */
  stop(): Promise<void>;
}

/** Starts following and returns at once; the first `onChange` brings the whole policy. */
export const followPolicy = (options: FollowOptions): PolicyFeed => {
  const {
    database,
    connectListener,
    pollIntervalMs,
    onChange,
    onHealth,
    now = () => performance.now(),
  } = options;
  const stopping = new AbortController();
  const stopped = stopping.signal;
  let version: number | null = null;
  let wake = new AbortController();
  let listening: { readonly up: boolean; readonly error: unknown } = { up: false, error: null };
  const unreadable = new UnreadableAccounts();
  let reported: Error | null = null;
  let health: FeedHealth = { state: 'starting', lastConfirmedAt: null, error: null };

  const report = (next: FeedHealth): void => {
    const changed = next.state !== health.state || unreadable.error !== reported;
    health = next;
    reported = unreadable.error;
    if (changed) {
      onHealth?.(next);
    }
  };

  const deliver = (update: PolicyUpdate): void => {
    if (!stopped.aborted) {
      onChange(update);
      version = update.version;
      if (update.kind === 'whole') unreadable.note(update.accounts, 'all');
      else unreadable.note(update.changed, update.removed);
    }
  };

  const load = async (): Promise<void> => {
    const changes = version === null ? null : await loadChanges(database, version);
    if (changes === null || version === null || changes.version < version) {
      deliver({ kind: 'whole', ...(await loadPolicy(database)) });
    } else if (changes.version > version) {
      deliver({ kind: 'changes', ...changes });
    }
  };

  const keepLoading = async (): Promise<void> => {
    for (let failures = 0; !stopped.aborted; ) {
      // Renewed before loading: a NOTIFY that arrives meanwhile ends the next pause at once.
      wake = new AbortController();
      const startedAt = now();
      try {
        await load();
        failures = 0;
        const state = listening.up ? 'following' : 'polling';
        report({ state, lastConfirmedAt: startedAt, error: listening.error ?? unreadable.error });
      } catch (error) {
        failures += 1;
        report({ ...health, state: 'failing', error });
      }
      await pause(failures === 0 ? pollIntervalMs : backoffMs(failures), wake.signal, stopped);
    }
  };

  const note = (up: boolean, error: unknown): void => {
    listening = { up, error };
    wake.abort();
  };

  const loops = Promise.all([
    keepLoading(),
    keepListening({
      connectListener,
      channels: [policyChannel],
      onNotification: () => wake.abort(),
      onUp: () => note(true, null),
      onDown: (error) => note(false, error),
      checkIntervalMs: pollIntervalMs,
      stopped,
    }),
  ]);
  return {
    health: () => health,
    stop: async () => {
      stopping.abort();
      await loops;
    },
  };
};
