import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Presence } from '../../src/fleet/presence.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { deleteInstance } from '../../src/store/instances.ts';
import { gateRole } from '../../src/store/roles.ts';
import { createStore, type TestStore } from '../support/store.ts';

let store: TestStore;
const running = new AsyncDisposableStack();

beforeAll(async () => {
  store = await createStore();
  running.defer(() => store.drop());
});
afterAll(() => running.disposeAsync());

/** Beats when the test says so. */
const startPresence = async (): Promise<{ presence: Presence; id: string }> => {
  const database = openDatabase(store.options(gateRole));
  running.defer(() => database.close());
  const id = randomUUID();
  const presence = new Presence({
    database,
    instance: { id, version: '0.0.0', startedAt: new Date() },
    intervalMs: 600_000,
    policyVersion: async () => 1,
    sessions: () => [],
    onFailed: (error) => {
      throw error;
    },
  });
  presence.begin('127.0.0.1:6432');
  running.defer(() => presence.close());
  await presence.beatOnce();
  return { presence, id };
};

it('an instance knows of another one as soon as it hears of it, and until that is gone', async () => {
  const { presence } = await startPresence();
  expect(presence.hasOthers).toBe(false);
  const other = await startPresence();
  expect(presence.hasOthers).toBe(false);
  presence.heardOfAnother();
  expect(presence.hasOthers).toBe(true);
  await presence.beatOnce();
  expect(presence.hasOthers).toBe(true);
  await deleteInstance(store.owner, other.id);
  await presence.beatOnce();
  expect(presence.hasOthers).toBe(false);
});
