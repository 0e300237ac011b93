/** What gates write, as the command line shows it; and the order that ends a session. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../src/postgres/listen.ts';
import type { Account } from '../../src/store/accounts.ts';
import { appendAttempts } from '../../src/store/attempts.ts';
import { beat } from '../../src/store/instances.ts';
import { orderChannel, parseOrder } from '../../src/store/orders.ts';
import { deleteSessions, insertSessions } from '../../src/store/sessions.ts';
import { addAccount, addCertificate, addKey } from '../store/sample.ts';
import { postgresUrl } from '../support/postgres.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { type CliFixture, createCliFixture } from './run.ts';

const instanceId = randomUUID();
const hostile = 'QGIS\u001b[2J\u202e\nroot';
let store: TestStore;
let cli: CliFixture;
let account: Account;

beforeAll(async () => {
  store = await createStore();
  cli = await createCliFixture({ storeUrl: store.url, backendUrl: postgresUrl() });
  account = await addAccount(store.owner);
  const certificate = await addCertificate(store.owner, account);
  const key = await addKey(store.owner, account);
  const facts = {
    address: '203.0.113.7',
    certificateId: certificate.id,
    keyId: key.id,
    applicationName: hostile,
  };
  await beat(store.owner, {
    id: instanceId,
    address: '127.0.0.1:6432',
    version: '0.1.0',
    startedAt: new Date(),
    policyVersion: 3,
  });
  await insertSessions(store.owner, instanceId, [
    { id: 'c1', accountId: account.id, startedAt: new Date(), ...facts },
  ]);
  await appendAttempts(
    store.owner,
    ['a1', 'a2'].map((id, index) => ({
      ...facts,
      id,
      at: new Date(Date.now() + index),
      accountId: account.id,
      account: account.name,
      outcome: 'refused',
      reason: 'key-wrong',
      sqlstate: '28P01',
      database: null,
      instanceId,
      durationMs: 5,
    })),
  );
});

afterAll(async () => {
  await cli?.remove();
  await store?.drop();
});

describe('what gates write', () => {
  test('attempts are shown with names, newest first, and cannot steer the terminal', async () => {
    const attempts = await cli.json<{ id: string }[]>('attempt', 'list', account.name, '--limit', '1');
    expect(attempts).toMatchObject([
      { id: 'a2', account: account.name, reason: 'key-wrong', sqlstate: '28P01', applicationName: hostile },
    ]);
    const { out } = await cli.run('attempt', 'list', account.name);
    expect(out.split('\n')).toHaveLength(4);
    expect(out).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d UTC +refused +key-wrong +28P01 +203\.0\.113\.7 +laptop +reader +QGIS/m,
    );
    for (const character of ['\u001b', '\u202e']) expect(out).not.toContain(character);
  });

  test('sessions and instances are listed with names', async () => {
    expect(await cli.json('session', 'list', account.name)).toMatchObject([
      { id: 'c1', account: account.name, certificate: 'laptop', key: 'reader', instanceId },
    ]);
    expect(await cli.json('instance', 'list')).toMatchObject([
      { id: instanceId, policyVersion: 3, state: 'alive' },
    ]);
  });

  test('session end orders the gate and returns when the session is gone', async () => {
    const orders: unknown[] = [];
    const listener = await listen(store.options(), [orderChannel], {
      onNotification: ({ payload }) => {
        orders.push(parseOrder(payload));
        void deleteSessions(store.owner, instanceId, ['c1']);
      },
      onLost: () => undefined,
    });
    expect(await cli.run('session', 'end', 'c1')).toEqual({
      code: 0,
      out: 'The session "c1" has ended.\n',
      err: '',
    });
    await listener.close();
    expect(orders).toEqual([{ kind: 'end-session', session: 'c1', actor: expect.stringMatching(/^cli:/) }]);
    expect(await cli.json('audit', 'list')).toMatchObject([
      { action: 'session.end', target: `${account.name}/c1` },
    ]);
  });
});
