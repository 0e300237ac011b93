import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlstateOf } from '../../src/postgres/errors.ts';
import type { Queryable } from '../../src/postgres/query.ts';
import {
  type Attempt,
  appendAttempts,
  deleteAttemptsBefore,
  listAttempts,
} from '../../src/store/attempts.ts';
import { beat, deleteForgottenInstances, deleteInstance, listInstances } from '../../src/store/instances.ts';
import {
  deleteSessions,
  insertSessions,
  listSessions,
  replaceSessions,
  type StoredSession,
} from '../../src/store/sessions.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { addAccount, addCertificate, addKey, dayMs } from './sample.ts';

describe('what gates record', () => {
  let store: TestStore;

  beforeAll(async () => {
    store = await createStore();
  });

  afterAll(() => store.drop());

  const attempt = (given: Partial<Attempt> = {}): Attempt => ({
    id: randomUUID(),
    at: new Date(),
    accountId: null,
    account: null,
    address: '203.0.113.7',
    certificateId: null,
    keyId: null,
    outcome: 'refused',
    reason: 'key-wrong',
    sqlstate: '28P01',
    database: 'gis',
    applicationName: 'QGIS',
    instanceId: null,
    durationMs: 12,
    ...given,
  });

  test('a batch of attempts comes back newest first, page by page, per account or all', async () => {
    const accountId = randomUUID();
    const at = Date.parse('2026-05-05T05:05:05.005Z');
    // Pairs share a moment: pages must not lose or repeat any of them.
    const batch = Array.from({ length: 10 }, (_, index) =>
      attempt({ id: `p-${index}`, accountId, at: new Date(at + Math.floor(index / 2)) }),
    );
    await appendAttempts(store.gate, [...batch, attempt({ id: 'other' })]);

    const pages: Attempt[][] = [];
    for (let before: string | undefined; pages.at(-1)?.length !== 0; before = pages.at(-1)?.at(-1)?.id) {
      pages.push(
        await listAttempts(store.console, accountId, { limit: 3, ...(before !== undefined && { before }) }),
      );
    }

    expect(pages.flat()).toEqual(batch.toReversed());
    expect((await listAttempts(store.console, null, { limit: 100 })).map(({ id }) => id)).toContain('other');
  });

  test('nobody learns by a page when another account had an attempt', async () => {
    const [accountId, neighbourId] = [randomUUID(), randomUUID()];
    const [own, theirs] = [
      attempt({ accountId, at: new Date(Date.now() - 60_000) }),
      attempt({ accountId: neighbourId }),
    ];
    await appendAttempts(store.gate, [own, theirs]);

    const page = { limit: 10, before: theirs.id };
    expect(await listAttempts(store.console, accountId, page)).toEqual([]);
    expect((await listAttempts(store.console, null, page)).map(({ id }) => id)).toContain(own.id);
  });

  test('a batch that is sent twice is stored once', async () => {
    const accountId = randomUUID();
    const batch = [attempt({ accountId }), attempt({ accountId, outcome: 'admitted', reason: null })];

    await appendAttempts(store.gate, batch);
    await appendAttempts(store.gate, [...batch, attempt({ accountId })]);

    expect(await listAttempts(store.console, accountId, { limit: 10 })).toHaveLength(3);
  });

  test('whatever a client calls itself costs neither the attempt nor its batch', async () => {
    const accountId = randomUUID();
    await appendAttempts(store.gate, [
      attempt({
        accountId,
        id: 'odd',
        applicationName: `a\0b${'x'.repeat(10_000)}`,
        account: '{"},\\\ud800',
      }),
      attempt({ accountId, address: 'fe80::1%eth0' }),
    ]);
    await appendAttempts(store.gate, []);

    const stored = await listAttempts(store.console, accountId, { limit: 10 });
    expect(stored).toHaveLength(2);
    expect(stored.find(({ id }) => id === 'odd')?.applicationName).toMatch(/^abx{254}$/);
  });

  test('attempts that the store will never take are left out of their batch, and told', async () => {
    const accountId = randomUUID();
    const batch = Array.from({ length: 20 }, (_, index) => attempt({ accountId, id: `n-${index}` }));
    batch[3] = attempt({ accountId, durationMs: -1 });
    batch[19] = attempt({ accountId, durationMs: Number.NaN });

    const errors = await appendAttempts(store.gate, batch);

    expect(errors.map(sqlstateOf)).toEqual(['23514', '22P02']);
    expect(await listAttempts(store.console, accountId, { limit: 100 })).toHaveLength(18);
  });

  test('a batch that failed for another reason may be sent again', async () => {
    const away: Queryable = { query: () => Promise.reject(new Error('away')) };
    await expect(appendAttempts(away, [attempt()])).rejects.toThrow('away');
  });

  test('retention removes old attempts in portions, and keeps the last day whatever it is asked', async () => {
    const accountId = randomUUID();
    const old = Array.from({ length: 6_000 }, () =>
      attempt({ accountId, at: new Date(Date.now() - 40 * dayMs) }),
    );
    const recent = attempt({ accountId, at: new Date(Date.now() - dayMs / 2) });
    await appendAttempts(store.gate, [...old, recent]);

    expect(
      await deleteAttemptsBefore(store.console, new Date(Date.now() - 30 * dayMs)),
    ).toBeGreaterThanOrEqual(6_000);
    await deleteAttemptsBefore(store.console, new Date(Date.now() + dayMs));

    const left = await listAttempts(store.console, accountId, { limit: 10 });
    expect(left.map(({ id }) => id)).toEqual([recent.id]);
  });

  const instance = (given = {}) => ({
    id: randomUUID(),
    address: '0.0.0.0:6432',
    version: '0.1.0',
    startedAt: new Date(),
    policyVersion: null,
    ...given,
  });

  const stopHeart = (id: string, secondsAgo = 31) =>
    store.owner.query(
      `UPDATE postern.instances SET heartbeat_at = now() - make_interval(secs => $2) WHERE id = $1`,
      [id, secondsAgo],
    );

  test('an instance is alive while its heart beats, then silent, and in the end forgotten', async () => {
    const mine = instance();

    expect(await beat(store.gate, mine)).toBe(true);
    expect(await beat(store.gate, { ...mine, policyVersion: 4 })).toBe(false);
    expect(await listInstances(store.console)).toContainEqual({
      ...mine,
      policyVersion: 4,
      heartbeatAt: expect.any(Date),
      state: 'alive',
      heartbeatAgeSeconds: expect.closeTo(0, 0),
    });
    await stopHeart(mine.id);
    expect(await listInstances(store.console)).toContainEqual(
      expect.objectContaining({
        id: mine.id,
        state: 'silent',
        heartbeatAgeSeconds: expect.closeTo(31, 0),
      }),
    );
    expect(await deleteForgottenInstances(store.gate)).toBe(0);
    await stopHeart(mine.id, 3_601);
    expect((await listInstances(store.console)).map(({ id }) => id)).not.toContain(mine.id);
    expect(await deleteForgottenInstances(store.gate)).toBe(1);
    expect(await beat(store.gate, mine)).toBe(true);
    await deleteInstance(store.gate, mine.id);
    expect((await listInstances(store.console)).map(({ id }) => id)).not.toContain(mine.id);
  });

  test('sessions are mirrored in batches and listed with names while their instance is alive', async () => {
    const account = await addAccount(store.console);
    const certificate = await addCertificate(store.console, account);
    const key = await addKey(store.console, account);
    const [mine, other] = [instance(), instance()];
    await beat(store.gate, mine);
    await beat(store.gate, other);
    const session = (id: string): StoredSession => ({
      id,
      accountId: account.id,
      address: '203.0.113.7',
      certificateId: certificate.id,
      keyId: key.id,
      applicationName: 'QGIS',
      startedAt: new Date(),
    });
    const listed = async (accountId: string | null = account.id) =>
      (await listSessions(store.console, accountId)).map(({ id }) => id).sort();

    await insertSessions(store.gate, mine.id, [session('a'), session('b'), session('c')]);
    await insertSessions(store.gate, mine.id, [session('c')]);
    await insertSessions(store.gate, other.id, [session('x'), { ...session('y'), certificateId: null }]);

    expect(await listed()).toEqual(['a', 'b', 'c', 'x', 'y']);
    expect((await listSessions(store.console, account.id)).find(({ id }) => id === 'a')).toEqual({
      ...session('a'),
      startedAt: expect.any(Date),
      instanceId: mine.id,
      account: account.name,
      certificate: 'laptop',
      key: 'reader',
    });
    await deleteSessions(store.gate, mine.id, ['a', 'x']);
    expect(await listed()).toEqual(['b', 'c', 'x', 'y']);
    await store.gate.transaction((tx) => replaceSessions(tx, mine.id, [session('d')]));
    expect(await listed(null)).toEqual(['d', 'x', 'y']);
    await stopHeart(other.id);
    expect(await listed()).toEqual(['d']);
    await deleteInstance(store.gate, mine.id);
    expect(await listed()).toEqual([]);
  });
});
