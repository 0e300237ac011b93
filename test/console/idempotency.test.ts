import { expect, it } from 'vitest';
import { withConsole } from './console-fixture.ts';

const once = { 'idempotency-key': 'once-1' };

it('a repeated request gets the first answer, with its secret, and makes nothing', () =>
  withConsole(async ({ owner }) => {
    const first = await owner.post('/api-keys', { name: 'k', kind: 'regular' }, once);
    const again = await owner.post('/api-keys', { kind: 'regular', name: ' k ' }, once);
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([
      201,
      first.text,
      first.headers.get('etag'),
    ]);
    expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    const rotate = `/api-keys/${first.body.key.id}/rotate`;
    const [rotated, rotatedAgain] = [
      await owner.post(rotate, undefined, { 'idempotency-key': 'r' }),
      await owner.post(rotate, undefined, { 'idempotency-key': 'r' }),
    ];
    expect(rotatedAgain.text).toBe(rotated.text);
  }));

it('a ZIP is repeated byte by byte', () =>
  withConsole(async ({ owner }) => {
    await owner.post('/address-rules', { cidr: '10.0.0.0/8' });
    const zip = { accept: 'application/zip', ...once };
    const first = await owner.post('/certificates', { name: 'Laptop' }, zip);
    const again = await owner.post('/certificates', { name: 'Laptop' }, zip);
    expect([again.status, again.text]).toEqual([201, first.text]);
    for (const name of ['content-type', 'content-disposition']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
    const asJson = await owner.post('/certificates', { name: 'Laptop' }, once);
    expect(asJson.body.code).toBe('idempotency-mismatch');
  }));

it('of many at once one makes it, and the others are told to wait', () =>
  withConsole(async ({ owner }) => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => owner.post('/api-keys', { name: 'k' }, once)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, body, headers } of answers.filter((each) => each.status !== 201)) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([409, 'still-running', '1']);
    }
    expect((await owner.get('/api-keys')).body.items).toHaveLength(2);
  }));

it('whoever went away before the answer still gets it', () =>
  withConsole(async ({ owner, origin, logged }) => {
    const abort = new AbortController();
    const lost = fetch(`${origin}/api/v1/api-keys`, {
      method: 'POST',
      headers: { ...owner.headers, ...once, 'content-type': 'application/json' },
      body: '{"name":"k"}',
      signal: abort.signal,
    });
    await expect.poll(async () => (await owner.get('/api-keys')).body.items.length).toBe(2);
    abort.abort();
    await lost.catch(() => undefined);
    await expect.poll(async () => (await owner.post('/api-keys', { name: 'k' }, once)).status).toBe(201);
    expect((await owner.get('/api-keys')).body.items).toHaveLength(2);
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  }));

it('the key belongs to one request of one account, for ten minutes', () =>
  withConsole(async ({ owner, operator, account, neighbour, clock }) => {
    const first = await owner.post('/address-rules', { cidr: '192.0.2.1' }, once);
    const other = await owner.post('/address-rules', { cidr: '192.0.2.2' }, once);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } });
    expect((await owner.post('/api-keys', { name: 'k' }, once)).body.code).toBe('idempotency-mismatch');
    const { client } = await neighbour();
    const theirs = await client.post('/address-rules', { cidr: '192.0.2.1' }, once);
    expect([theirs.status, theirs.body.id === first.body.id]).toEqual([201, false]);
    const byOperator = await operator.post(
      `/address-rules?account=${account.name}`,
      { cidr: '192.0.2.1' },
      once,
    );
    expect(byOperator.body.code).toBe('conflict');
    clock.aheadMs = 10 * 60_000;
    expect((await owner.post('/address-rules', { cidr: '192.0.2.1' }, once)).body.code).toBe('conflict');
  }));

it('a refusal is not kept, so that the request can be tried again', () =>
  withConsole(async ({ owner }) => {
    expect((await owner.post('/certificates', { name: 'Laptop' }, once)).status).toBe(409);
    await owner.post('/address-rules', { cidr: '10.0.0.0/8' });
    expect((await owner.post('/certificates', { name: 'Laptop' }, once)).status).toBe(201);
  }));

it.each(['', 'two words', 'x'.repeat(65), 'ä'])('the key %j is refused', (key) =>
  withConsole(async ({ owner }) => {
    const answer = await owner.post('/address-rules', { cidr: '192.0.2.1' }, { 'idempotency-key': key });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'headers.idempotency-key' }] } });
  }),
);
