import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tryKeyLock, withBackendLock, withKeyLock } from '../../src/store/locks.ts';
import { createStore, type TestStore } from '../support/store.ts';

let store: TestStore;

beforeAll(async () => {
  store = await createStore();
});

afterAll(() => store.drop());

describe('the lock of an API key', () => {
  test('lets one at a time change a key, and does not use up the pool', async () => {
    const keyId = randomUUID();
    let inside = 0;
    let most = 0;

    await Promise.all(
      Array.from({ length: 8 }, () =>
        withKeyLock(store.console, keyId, async () => {
          inside += 1;
          most = Math.max(most, inside);
          await store.console.transaction((tx) => tx.query('SELECT 1'));
          inside -= 1;
        }),
      ),
    );

    expect(most).toBe(1);
  });

  test('is refused to who does not want to wait, and free again after a failure', async () => {
    const keyId = randomUUID();
    const seen: boolean[] = [];
    await expect(
      withKeyLock(store.console, keyId, async () => {
        seen.push(await tryKeyLock(store.console, keyId, async () => undefined));
        seen.push(await tryKeyLock(store.console, randomUUID(), async () => undefined));
        throw new Error('failed inside');
      }),
    ).rejects.toThrow('failed inside');
    seen.push(await tryKeyLock(store.console, keyId, async () => undefined));

    expect(seen).toEqual([false, true, true]);
  });
});

describe('the lock of a database of a backend', () => {
  const main = { backend: 'main', database: 'data' };

  test('is held by one at a time, and none of another database or backend waits for it', async () => {
    const seen: string[] = [];
    let second: Promise<void> | undefined;
    await withBackendLock(store.console, main, async () => {
      second = withBackendLock(store.console, main, async () => void seen.push('second'));
      for (const other of [
        { ...main, database: 'more' },
        { ...main, backend: 'spare' },
      ]) {
        await withBackendLock(store.console, other, async () => void seen.push('other'));
      }
      seen.push('first');
    });
    await second;

    expect(seen).toEqual(['other', 'other', 'first', 'second']);
  });
});
