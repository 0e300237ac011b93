import { expect, it } from 'vitest';
import { createClient } from './client.ts';
import { withConsole } from './console-fixture.ts';

const rule = { cidr: '192.0.2.1' };

it('a session changes something only for pages of the console itself', () =>
  withConsole(async ({ browser, origin }) => {
    const { cookie = '' } = (await browser()).headers;
    const { port } = new URL(origin);
    const cases: [Record<string, string>, number][] = [
      [{}, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: `http://127.0.0.1:${Number(port) + 1}` }, 403],
      [{ origin: `https://127.0.0.1:${port}` }, 403],
      [{ 'sec-fetch-site': 'cross-site', origin }, 403],
      [{ 'sec-fetch-site': 'same-site', origin }, 403],
      [{ 'sec-fetch-site': 'none' }, 403],
      [{ 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' }, 415],
      [{ 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }, 415],
      [{ 'sec-fetch-site': 'same-origin' }, 201],
    ];
    for (const [headers, status] of cases) {
      const tab = createClient(origin, { cookie, ...headers });
      const answer = await tab.post('/address-rules', rule);
      expect([headers, answer.status]).toEqual([headers, status]);
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
      if (status !== 201)
        expect((await createClient(origin, { cookie }).get('/address-rules')).body.items).toEqual([]);
    }
    const { items } = (await createClient(origin, { cookie }).get('/address-rules')).body;
    expect((await createClient(origin, { cookie }).delete(`/address-rules/${items[0].id}`)).body.code).toBe(
      'cross-site',
    );
    expect(
      (await createClient(origin, { cookie, origin }).delete(`/address-rules/${items[0].id}`)).status,
    ).toBe(204);
  }));

it('nobody can be signed in by another site', () =>
  withConsole(async ({ origin, account, masterKey }) => {
    const evil = createClient(origin, { origin: 'https://evil.example' });
    const answer = await evil.post('/sign-in', { account: account.name, key: masterKey });
    expect([answer.status, answer.headers.has('set-cookie')]).toEqual([403, false]);
  }));

it('behind a proxy the origin is the one that browsers see, and only a trusted proxy can say so', async () => {
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'console.example',
    'x-forwarded-for': '203.0.113.9',
    origin: 'https://console.example',
  };
  for (const [trustProxy, status] of [
    [['127.0.0.0/8'], 201],
    [[], 403],
    [['192.0.2.0/24'], 403],
  ] as const) {
    await withConsole(
      async ({ browser, origin, logged }) => {
        const { cookie = '' } = (await browser()).headers;
        const { status: seen } = await createClient(origin, { cookie, ...forwarded }).post(
          '/address-rules',
          rule,
        );
        expect(seen).toBe(status);
        expect(logged.at(-1)?.fields).toMatchObject({
          address: status === 201 ? '203.0.113.9' : '127.0.0.1',
        });
      },
      () => ({ trustProxy }),
    );
  }
});
