import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AccountPolicy } from '../../src/policy/account.ts';
import { unpackAccount } from '../../src/policy/packed-account.ts';
import { listen } from '../../src/postgres/listen.ts';
import { type Account, updateAccount } from '../../src/store/accounts.ts';
import {
  type FeedHealth,
  type FollowOptions,
  followPolicy,
  type PolicyFeed,
  type PolicyUpdate,
} from '../../src/store/change-feed.ts';
import { gateRole } from '../../src/store/roles.ts';
import { pollUntil } from '../support/poll.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { addAccount } from './sample.ts';

const longIntervalMs = 600_000;

describe('following the policy', () => {
  let store: TestStore;
  const feeds: PolicyFeed[] = [];

  beforeAll(async () => {
    store = await createStore();
  });

  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
  });

  afterAll(() => store.drop());

  /** What a gate does with the updates, and what it saw. */
  const follow = (given: Partial<FollowOptions> = {}) => {
    const accounts = new Map<string, AccountPolicy>();
    const updates: PolicyUpdate[] = [];
    const states: FeedHealth['state'][] = [];
    const feed = followPolicy({
      database: store.gate,
      connectListener: (channels, events) => listen(store.options(gateRole), channels, events),
      pollIntervalMs: longIntervalMs,
      onChange: (update) => {
        updates.push(update);
        if (update.kind === 'whole') {
          accounts.clear();
        }
        const changed = update.kind === 'whole' ? update.accounts : update.changed;
        for (const account of changed.map(unpackAccount)) {
          accounts.set(account.id, account);
        }
        for (const id of update.kind === 'whole' ? [] : update.removed) {
          accounts.delete(id);
        }
      },
      onHealth: ({ state }) => states.push(state),
      ...given,
    });
    feeds.push(feed);
    return { feed, accounts, updates, states };
  };

  const following = ({ feed }: { feed: PolicyFeed }) =>
    pollUntil(() => feed.health().state === 'following', { timeoutMs: 10_000 });

  const change = async ({ id }: Account, maxSessions: number): Promise<void> => {
    await updateAccount(store.console, id, { maxSessions });
  };

  test('brings everything first, then each change within a second of its commit', async () => {
    const account = await addAccount(store.console);
    const seen = follow();
    await following(seen);
    expect(seen.updates[0]?.kind).toBe('whole');
    expect(seen.accounts.get(account.id)?.maxSessions).toBeNull();

    const startedAt = performance.now();
    await change(account, 5);

    await pollUntil(() => seen.accounts.get(account.id)?.maxSessions === 5, { intervalMs: 1 });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await updateAccount(store.console, account.id, { status: 'deleted' });
    await pollUntil(() => !seen.accounts.has(account.id));
  });

  test('connects again when its listening connection is killed, and misses nothing meanwhile', async () => {
    const account = await addAccount(store.console);
    const seen = follow();
    await following(seen);

    const { rowCount } = await store.owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()`,
    );
    await change(account, 6);

    expect(rowCount).toBe(1);
    await pollUntil(() => seen.accounts.get(account.id)?.maxSessions === 6);
    await following(seen);
    await change(account, 7);
    await pollUntil(() => seen.accounts.get(account.id)?.maxSessions === 7);
  });

  test('finds changes by polling when nothing is notified', async () => {
    const account = await addAccount(store.console);
    const seen = follow({
      pollIntervalMs: 20,
      connectListener: async () => ({ check: async () => undefined, close: async () => undefined }),
    });
    await following(seen);

    await change(account, 8);

    await pollUntil(() => seen.accounts.get(account.id)?.maxSessions === 8);
  });

  test('polls, says why, and follows again when the listener cannot connect for a while', async () => {
    let possible = false;
    const seen = follow({
      pollIntervalMs: 20,
      connectListener: (channels, events) =>
        possible
          ? listen(store.options(gateRole), channels, events)
          : Promise.reject(new Error('no listener today')),
    });
    await pollUntil(() => seen.feed.health().error);

    expect(seen.feed.health()).toMatchObject({ state: 'polling', error: new Error('no listener today') });
    possible = true;
    await following(seen);
    expect(seen.feed.health().error).toBeNull();
  });

  test('tries the first load until it succeeds', async () => {
    let possible = false;
    const seen = follow({
      database: {
        query: store.gate.query,
        transaction: (fn, mode) =>
          possible ? store.gate.transaction(fn, mode) : Promise.reject(new Error('store down')),
      },
    });
    await pollUntil(() => seen.feed.health().state === 'failing');
    expect(seen.feed.health()).toEqual({
      state: 'failing',
      lastConfirmedAt: null,
      error: new Error('store down'),
    });

    possible = true;

    await following(seen);
    expect(seen.states.at(-1)).toBe('following');
    expect(seen.updates.map(({ kind }) => kind)).toEqual(['whole']);
  });

  test('confirms what it has with every poll, and not while polls fail', async () => {
    let possible = true;
    let clock = 1_000;
    const seen = follow({
      pollIntervalMs: 10,
      now: () => clock,
      database: {
        transaction: store.gate.transaction,
        query: (text, values) =>
          possible ? store.gate.query(text, values) : Promise.reject(new Error('store down')),
      },
    });
    await following(seen);
    clock = 2_000;
    await pollUntil(() => seen.feed.health().lastConfirmedAt === 2_000);

    possible = false;
    await pollUntil(() => seen.feed.health().state === 'failing');
    clock = 3_000;
    await pollUntil(() => seen.states.filter((state) => state === 'failing').length === 1);
    expect(seen.feed.health().lastConfirmedAt).toBe(2_000);

    possible = true;
    await pollUntil(() => seen.feed.health().lastConfirmedAt === 3_000);
  });

  test('loads everything again when the store was set back', async () => {
    await addAccount(store.console);
    const seen = follow({ pollIntervalMs: 10 });
    await following(seen);

    const { rows } = await store.owner.query<{ version: number }>(
      'UPDATE postern.policy_version SET version = version - 1 RETURNING version',
    );
    await pollUntil(() => seen.updates.filter(({ kind }) => kind === 'whole').length === 2);

    expect(seen.updates.at(-1)?.version).toBe(rows[0]?.version);
    await store.owner.query('UPDATE postern.policy_version SET version = version + 1');
  });

  test('delivers a change again when the consumer threw', async () => {
    const account = await addAccount(store.console);
    let failures = 0;
    const versions: number[] = [];
    const seen = follow({
      onChange: ({ version }) => {
        if (failures < 2) {
          failures += 1;
          throw new Error('consumer failed');
        }
        versions.push(version);
      },
    });
    await following(seen);
    failures = 0;

    await change(account, 9);

    await pollUntil(() => versions.length === 2);
    expect(failures).toBe(2);
  });

  test('never loads twice at once, and a burst of changes costs few loads', async () => {
    const account = await addAccount(store.console);
    let loading = 0;
    let most = 0;
    let loads = 0;
    const seen = follow({
      database: {
        query: store.gate.query,
        transaction: async (fn, mode) => {
          loading += 1;
          loads += 1;
          most = Math.max(most, loading);
          try {
            return await store.gate.transaction(fn, mode);
          } finally {
            loading -= 1;
          }
        },
      },
    });
    await following(seen);

    const burst = 60;
    await Promise.all(Array.from({ length: burst }, (_, index) => change(account, index)));
    const last = await store.owner.query<{ version: number }>('SELECT version FROM postern.policy_version');
    await pollUntil(() => seen.updates.at(-1)?.version === last.rows[0]?.version);

    expect(most).toBe(1);
    expect(loads).toBeLessThanOrEqual(burst);
  });

  test('concurrent writers: no version is lost, and each update is what the store held', async () => {
    const accounts = await Promise.all(Array.from({ length: 8 }, () => addAccount(store.console)));
    const seen = follow({ pollIntervalMs: longIntervalMs });
    await following(seen);

    await Promise.all(
      accounts.map(async (account, index) => {
        for (let round = 1; round <= 15; round += 1) {
          await store.owner.transaction(async (tx) => {
            await updateAccount(tx, account.id, { maxSessions: round });
            const other = accounts[(index + round) % accounts.length] ?? account;
            if (other.id > account.id) {
              await updateAccount(tx, other.id, { anyAddressAllowed: round % 2 === 0 });
            }
          });
        }
      }),
    );

    await pollUntil(() => accounts.every(({ id }) => seen.accounts.get(id)?.maxSessions === 15));
    const versions = seen.updates.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });

  test('is silent after stop and leaves no connection', async () => {
    const account = await addAccount(store.console);
    const seen = follow();
    await following(seen);
    const updates = seen.updates.length;

    await seen.feed.stop();
    await change(account, 3);

    await pollUntil(async () => {
      const { rows } = await store.owner.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()`,
      );
      return rows.length === 0;
    });
    expect(seen.updates).toHaveLength(updates);
  });
});
