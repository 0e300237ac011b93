import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { createKeyText } from '../../src/policy/key-text.ts';
import { addAccount } from '../e2e/another-account.ts';
import { pollUntil } from '../support/poll.ts';
import { type EventReader, readEvents } from './event-reader.ts';
import { type LiveConsole, startLiveConsole } from './live-console.ts';

let live: LiveConsole;

beforeAll(async () => {
  live = await startLiveConsole();
});

afterAll(() => live.stop());

const follow = async (headers: Readonly<Record<string, string>>, query = ''): Promise<EventReader> => {
  const reader = await readEvents(`${live.origin}/api/v1/attempts/stream${query}`, headers);
  onTestFinished(() => reader.close());
  return reader;
};

const failToConnect = async (applicationName: string): Promise<void> => {
  const wrong = live.postern.connect({ password: 'pst_wrong', application_name: applicationName });
  await expect(wrong).rejects.toThrow('API key authentication failed');
};

const attemptBy = (applicationName: string) =>
  pollUntil(async () => {
    const { body } = await live.owner.get('/attempts?limit=200');
    return body.items.find((item: { applicationName: string }) => item.applicationName === applicationName);
  });

it('lists a live session and ends it', async () => {
  const client = await live.postern.connect({ application_name: 'qgis' });
  const lost = new Promise((resolve) => client.once('error', resolve));
  const session = await pollUntil(async () => {
    const { body } = await live.owner.get('/sessions');
    return body.items.find((item: { applicationName: string }) => item.applicationName === 'qgis');
  });
  expect(session).toMatchObject({ address: '127.0.0.1', certificate: 'laptop', key: 'reader' });
  expect((await live.owner.delete(`/sessions/${session.id}`)).status).toBe(204);
  expect(String(await lost)).toContain('ended by the owner');
  expect((await live.owner.delete(`/sessions/${session.id}`)).body.code).toBe('not-found');
  expect(await attemptBy('qgis')).toMatchObject({
    id: session.id,
    outcome: 'admitted',
    reason: 'ended-by-operator',
    title: 'The session was ended by the owner of the account or by an operator.',
  });
});

it('shows nobody the sessions of another account, and lets nobody end them', async () => {
  const other = await addAccount(live.postern);
  await other.connect({ application_name: 'theirs' });
  const theirs = await pollUntil(
    async () => (await live.as(other.masterKey).get('/sessions')).body.items[0] as { id: string } | undefined,
  );
  expect((await live.owner.delete(`/sessions/${theirs.id}`)).status).toBe(404);
  expect((await live.owner.get(`/sessions?account=${other.account}`)).status).toBe(404);
  expect((await live.owner.get('/sessions')).text).not.toContain(theirs.id);
  expect((await live.operator.get(`/sessions?account=${other.account}`)).body.items).toMatchObject([theirs]);
  expect((await live.operator.get('/sessions')).status).toBe(422);
});

it('lists refused attempts with a sentence, filters them and pages through them', async () => {
  for (const name of ['wrong 1', 'wrong 2', 'wrong 3']) {
    await failToConnect(name);
    await attemptBy(name);
  }
  const filter = '/attempts?outcome=refused&reason=key-wrong&address=127.0.0.1&limit=2';
  const first = (await live.owner.get(filter)).body;
  expect(first.items).toMatchObject([
    {
      applicationName: 'wrong 3',
      outcome: 'refused',
      reason: 'key-wrong',
      title: `API key authentication failed for user "${live.postern.account}".`,
      hint: expect.stringContaining('complete'),
      certificate: 'laptop',
      key: null,
    },
    { applicationName: 'wrong 2' },
  ]);
  const second = (await live.owner.get(`${filter}&cursor=${first.nextCursor}`)).body;
  expect(second).toMatchObject({ items: [{ applicationName: 'wrong 1' }], nextCursor: null });
  expect((await live.owner.get('/attempts?address=192.0.2.1')).body.items).toEqual([]);
  expect((await live.owner.get('/attempts?reason=no-such-reason')).body.errors[0].path).toBe('query.reason');
  expect((await live.owner.get('/attempts?cursor=nonsense')).body.errors[0].path).toBe('query.cursor');
});

it('tells attempts as they happen, each once, and only those of the account', async () => {
  const other = await addAccount(live.postern);
  const mine = await follow(live.owner.headers);
  const again = await follow(live.operator.headers, `?account=${live.postern.account}`);
  const theirs = await follow(live.as(other.masterKey).headers);
  expect(mine).toMatchObject({ status: 200, ended: false });
  expect(mine.headers.get('content-type')).toBe('text/event-stream');
  await failToConnect('seen live');
  const told = (reader: EventReader) =>
    reader.events.filter(({ applicationName }) => applicationName === 'seen live');
  await pollUntil(() => told(mine).length > 0 && told(again).length > 0);
  expect(told(mine)).toEqual([await attemptBy('seen live')]);
  // By the time a later attempt has arrived, looks that overlap would have told the first one again.
  await failToConnect('seen later');
  await pollUntil(() => mine.events.some(({ applicationName }) => applicationName === 'seen later'));
  expect(told(mine)).toHaveLength(1);
  expect(told(theirs)).toEqual([]);
});

it('ends a stream when the key that opened it is revoked, also for whoever is throttled', async () => {
  const { context, account } = live.postern;
  const request = { name: 'for a while', kind: 'master', grants: [], expiresAt: null } as const;
  const { text } = await createKey(context, account, request);
  const reader = await follow(live.as(text).headers);
  expect(reader.status).toBe(200);
  const guesses = live.as(createKeyText('master'));
  await Promise.all(Array.from({ length: 50 }, () => guesses.get('/me')));
  expect((await guesses.get('/me')).status).toBe(429);
  await revokeKey(context, account, 'for a while', null);
  await pollUntil(() => reader.ended, { timeoutMs: 15_000 });
}, 20_000);

it('opens no stream for those who are not signed in or ask for another account', async () => {
  expect(await follow({})).toMatchObject({ status: 401 });
  expect(await follow(live.owner.headers, '?account=somebody-else')).toMatchObject({ status: 404 });
});

it('limits the streams of one account', async () => {
  const other = await addAccount(live.postern);
  const { headers } = live.as(other.masterKey);
  for (let count = 0; count < 20; count += 1) expect((await follow(headers)).status).toBe(200);
  const refused = await follow(headers);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('60');
});

it('tells operators which instances run and whether their policy is current', async () => {
  const current = await pollUntil(async () => {
    const { body } = await live.operator.get('/instances');
    return body.items[0]?.policyVersion === body.policyVersion && body;
  });
  expect(current.items).toHaveLength(1);
  expect(current.items[0].heartbeatAgeSeconds).toBeLessThan(30);
  expect((await live.owner.get('/instances')).body.code).toBe('operators-only');
});
