/**
 * Attempts as they are written, for everybody who follows them: one look at the store per second for all of them
 * together, and none while nobody follows. Whoever begins to follow also gets those of the last seconds, so that nothing
 * is missed between a list and the stream; the same attempt is not told twice.
 */

import { type ToldAttempt, tellAttempts } from '../control/attempts.ts';
import type { StoreContext } from '../control/context.ts';
import type { Account } from '../store/accounts.ts';
import { listAttemptsWritten } from '../store/attempt-feed.ts';
import type { Log } from '../telemetry/log.ts';

const lookEveryMs = 1_000;
/** Per look, for all accounts together. Whoever is flooded sees the newest, and the rest in the list. */
const attemptsPerLook = 500;
/** More than the looks of the overlap can give. */
const rememberedIds = 10 * attemptsPerLook;

type FollowedAccount = Pick<Account, 'id' | 'name'>;

interface Follower {
  readonly account: FollowedAccount;
  /** In the order in which they were told. */
  readonly toldIds: Set<string>;
  readonly tell: (attempt: ToldAttempt) => void;
}

export class AttemptFeed {
  readonly #store: StoreContext['store'];
  readonly #log: Log;
  readonly #followers = new Set<Follower>();
  #timer: NodeJS.Timeout | null = null;
  /** The store's time of the last look; null: nobody followed then. */
  #lookedAt: Date | null = null;

  constructor({ store, log }: Pick<StoreContext, 'store'> & { readonly log: Log }) {
    this.#store = store;
    this.#log = log;
  }

  /** How many follow, of this account and altogether. */
  count(account: FollowedAccount): { readonly account: number; readonly all: number } {
    const ofAccount = [...this.#followers].filter((follower) => follower.account.id === account.id);
    return { account: ofAccount.length, all: this.#followers.size };
  }

  /** @returns ends it */
  follow(account: FollowedAccount, tell: Follower['tell']): () => void {
    const follower = { account, toldIds: new Set<string>(), tell };
    this.#followers.add(follower);
    if (this.#timer === null) this.#lookSoon(0);
    return () => {
      this.#followers.delete(follower);
    };
  }

  #lookSoon(afterMs: number): void {
    this.#timer = setTimeout(() => void this.#lookAndGoOn(), afterMs);
  }

  async #lookAndGoOn(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#log.warn({ error }, 'the store does not tell of new attempts; will ask again');
    }
    if (this.#followers.size > 0) {
      this.#lookSoon(lookEveryMs);
    } else {
      this.#timer = null;
      this.#lookedAt = null;
    }
  }

  async #look(): Promise<void> {
    const accounts = new Map([...this.#followers].map(({ account }) => [account.id, account]));
    if (accounts.size === 0) return;
    const { attempts, lookedAt } = await listAttemptsWritten(
      this.#store,
      [...accounts.keys()],
      this.#lookedAt,
      attemptsPerLook,
    );
    for (const account of accounts.values()) {
      const own = attempts.filter(({ accountId }) => accountId === account.id).reverse();
      const followers = [...this.#followers].filter((each) => each.account.id === account.id);
      const news = own.filter(({ id }) => followers.some(({ toldIds }) => !toldIds.has(id)));
      for (const told of await tellAttempts(this.#store, account, news)) {
        for (const follower of followers) tellOnce(follower, told);
      }
    }
    this.#lookedAt = lookedAt;
  }
}

const tellOnce = ({ toldIds, tell }: Follower, attempt: ToldAttempt): void => {
  if (toldIds.has(attempt.id)) return;
  toldIds.add(attempt.id);
  const [oldest] = toldIds;
  if (toldIds.size > rememberedIds && oldest !== undefined) toldIds.delete(oldest);
  tell(attempt);
};
