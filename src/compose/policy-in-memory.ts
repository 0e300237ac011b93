/**
 * The policy that a gate decides by: kept in memory, followed from the store, and old enough to be refused only when the
 * store has been away for longer than `policy.max_staleness`. Its age goes by a clock that nobody can set: a computer's
 * clock that jumps must neither close the gate nor keep it open.
 */

import type { Config } from '../config/config.ts';
import { Refusal } from '../errors.ts';
import { collectAllGarbage } from '../garbage.ts';
import { PolicyBook } from '../policy/book.ts';
import type { Database } from '../postgres/database.ts';
import { type FeedState, followPolicy } from '../store/change-feed.ts';
import type { ConnectListener } from '../store/listening.ts';
import type { Log } from '../telemetry/log.ts';

/** Longer than a look at the store takes that is there. */
const loadPatienceMs = 5_000;

export interface PolicyInMemory {
  readonly book: PolicyBook;
  /** null: nothing has been loaded yet. */
  readonly version: () => number | null;
  /** Milliseconds since the store last confirmed the policy, or since the start. */
  readonly ageMs: () => number;
  readonly feedState: () => FeedState;
  /** How long the store has been away; null: it is there. */
  readonly storeAwayMs: () => number | null;
  /** Why nobody new may come in at the moment; null: somebody may. */
  readonly closedBecause: () => Refusal | null;
  /** Resolves once the policy has been loaded. */
  readonly ready: Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface PolicySource {
  readonly config: Config['policy'];
  readonly database: Database;
  readonly connectListener: ConnectListener;
  readonly log: Log;
  /** Ids of accounts whose policy is another now; the book has it already. */
  readonly onTouched: (accountIds: readonly string[]) => void;
  /** A change is in force, this long after its commit in the store. */
  readonly onChangeInForce: (lagMs: number) => void;
}

export const keepPolicyInMemory = (source: PolicySource): PolicyInMemory => {
  const { config, database, connectListener, log, onTouched, onChangeInForce } = source;
  const book = new PolicyBook();
  const startedAtMs = performance.now();
  const ready = Promise.withResolvers<void>();
  let version: number | null = null;
  const feed = followPolicy({
    database,
    connectListener,
    pollIntervalMs: config.pollIntervalMs,
    onChange: (update) => {
      const whole = update.kind === 'whole';
      onTouched(whole ? book.replaceAll(update.accounts) : book.apply(update.changed, update.removed));
      // What it was made from is garbage now, and old: V8 would leave it where it is for hours. Nobody is here yet.
      if (version === null) collectAllGarbage();
      version = update.version;
      const committedAtMs = whole ? null : update.committedAtMs;
      if (committedAtMs !== null) onChangeInForce(Math.max(0, performance.now() - committedAtMs));
    },
    onHealth: ({ state, lastConfirmedAt, error }) => {
      if (lastConfirmedAt !== null) ready.resolve();
      log[error === null ? 'info' : 'warn']({ state, ...(error === null ? {} : { error }) }, 'policy feed');
    },
  });
  const ageMs = () => performance.now() - (feed.health().lastConfirmedAt ?? startedAtMs);
  return {
    book,
    version: () => version,
    ageMs,
    feedState: () => feed.health().state,
    storeAwayMs: () => {
      // A network that swallows everything is noticed late; that nothing was confirmed is known at once.
      const away = feed.health().state === 'failing' || ageMs() > 2 * config.pollIntervalMs + loadPatienceMs;
      return away ? ageMs() : null;
    },
    closedBecause: () => {
      if (feed.health().lastConfirmedAt === null) return new Refusal('starting-up');
      const seconds = Math.round(ageMs() / 1000);
      return ageMs() > config.maxStalenessMs ? new Refusal('policy-stale', { seconds }) : null;
    },
    ready: ready.promise,
    stop: () => feed.stop(),
  };
};
