import { request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createKeyText } from '../../src/policy/key-text.ts';
import { type ConsoleFixture, withConsole } from '../console/console-fixture.ts';

const rules = '/api/v1/address-rules';
const json = { 'content-type': 'application/json' };

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Unlike `fetch`, this sends whatever Host it is told. */
const sendAs = (
  origin: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Promise<Sent> =>
  new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Bytes on a connection of their own; everything that comes back until it ends, be it by a reset. */
const exchange = async (origin: string, bytes: string): Promise<string> => {
  const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => undefined).on('close', () => resolve());
  socket.write(bytes);
  await closed;
  return text;
};

const expectNothingMade = async ({ owner }: ConsoleFixture): Promise<void> => {
  expect((await owner.get('/address-rules')).body.items).toEqual([]);
};

describe('a page whose name was pointed at the console (DNS rebinding)', () => {
  it('has no session: the cookie belongs to another name, and nothing is open without', () =>
    withConsole(async (console) => {
      const rebound = {
        host: 'evil.example',
        origin: 'http://evil.example',
        'sec-fetch-site': 'same-origin',
      };
      for (const path of ['/api/v1/me', rules, '/api/v1/sessions', '/api/v1/audit', '/api/v1/accounts']) {
        expect([path, (await sendAs(console.origin, 'GET', path, rebound)).status]).toEqual([path, 401]);
      }
      const body = JSON.stringify({ cidr: '192.0.2.1' });
      const post = await sendAs(console.origin, 'POST', rules, { ...rebound, ...json }, body);
      expect(post.status).toBe(401);
      await expectNothingMade(console);
    }));

  it('cannot use a session that the browser has for the console', () =>
    withConsole(async (console) => {
      const { cookie = '' } = (await console.browser()).headers;
      const headers = { host: 'evil.example', origin: console.origin, cookie, ...json };
      const body = JSON.stringify({ cidr: '192.0.2.1' });
      const answer = await sendAs(console.origin, 'POST', rules, headers, body);
      expect(answer.status).toBe(403);
      await expectNothingMade(console);
    }));

  it.each(['evil.example', 'evil.example:80@127.0.0.1', 'a"><script>alert(1)</script>', "x' onload='x"])(
    'finds nothing of its Host %s in any answer',
    (host) =>
      withConsole(async ({ origin }) => {
        for (const path of ['/', '/api/docs', '/api/openapi.json', '/api/v1/me', '/nothing']) {
          const { headers, text } = await sendAs(origin, 'GET', path, { host, 'x-forwarded-host': host });
          expect(`${JSON.stringify(headers)}${text}`).not.toMatch(/evil\.example|alert\(1\)|onload/);
        }
      }),
  );
});

describe('a body', () => {
  it.each<[string, (console: ConsoleFixture) => Promise<Sent>, number]>([
    [
      'of ten megabytes',
      ({ origin, masterKey }) =>
        sendAs(origin, 'POST', rules, bearer(masterKey), `{"cidr":"${'x'.repeat(10_000_000)}"}`).catch(
          // Closed before it was heard out.
          () => ({ status: 413, headers: {}, text: '' }),
        ),
      413,
    ],
    [
      'that claims to have a terabyte',
      ({ origin, masterKey }) =>
        sendAs(origin, 'POST', rules, { ...bearer(masterKey), 'content-length': '1000000000000' }, '{').catch(
          () => ({ status: 413, headers: {}, text: '' }),
        ),
      413,
    ],
    [
      'that would unpack to a gigabyte',
      ({ origin, masterKey }) => {
        const packed = gzipSync(Buffer.alloc(20_000_000, ' '));
        const headers = { ...bearer(masterKey), 'content-encoding': 'gzip' };
        return sendAs(origin, 'POST', rules, headers, packed);
      },
      400,
    ],
    [
      'that is a form',
      ({ origin, masterKey }) => form(origin, masterKey, 'application/x-www-form-urlencoded'),
      415,
    ],
    ['that is text', ({ origin, masterKey }) => form(origin, masterKey, 'text/plain'), 415],
    ['that is XML', ({ origin, masterKey }) => form(origin, masterKey, 'application/xml'), 415],
  ])('%s is refused', (_name, send, status) =>
    withConsole(async (console) => {
      expect((await send(console)).status).toBe(status);
      await expectNothingMade(console);
    }),
  );

  it.each([
    '{"cidr":"192.0.2.1","__proto__":{"role":"operator"}}',
    '{"__proto__":{"cidr":"192.0.2.1"}}',
    '{"cidr":"192.0.2.1","constructor":{"prototype":{"role":"operator"}}}',
    '{"cidr":"192.0.2.1","\\u005f_proto__":{"role":"operator"}}',
    '{"cidr":"192.0.2.1","label":{"__proto__":{"polluted":true}}}',
  ])('that wants to change what all objects inherit changes nothing: %s', (body) =>
    withConsole(async (console) => {
      const { status } = await sendAs(console.origin, 'POST', rules, bearer(console.masterKey), body);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as Record<string, unknown>)['role']).toBeUndefined();
      await expectNothingMade(console);
      expect((await console.owner.get('/accounts')).status).toBe(403);
    }),
  );

  it.each([
    ['arrays in arrays', `{"cidr":${'['.repeat(60_000)}${']'.repeat(60_000)}}`],
    ['objects in objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['a number without end', `{"cidr":${'9'.repeat(100_000)}}`],
    ['thousands of names', `{${Array.from({ length: 9_000 }, (_, name) => `"n${name}":1`).join()}}`],
    ['one name thousands of times', `{${Array(10_000).fill('"cidr":"x"').join()}}`],
  ])('of %s is refused at once', (_name, body) =>
    withConsole(async (console) => {
      const { status } = await sendAs(console.origin, 'POST', rules, bearer(console.masterKey), body);
      expect([400, 422]).toContain(status);
      await expectNothingMade(console);
    }),
  );
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}`, ...json });

const form = (origin: string, key: string, type: string) =>
  sendAs(origin, 'POST', rules, { ...bearer(key), 'content-type': type }, 'cidr=192.0.2.1');

describe('a request that two servers would read differently', () => {
  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 40\r\n'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks of nobody', 'Transfer-Encoding: xchunked\r\n'],
    ['a header that goes on', 'X-A: b\r\n Transfer-Encoding: chunked\r\n'],
    ['a blank before the colon', 'Content-Length : 2\r\n'],
    ['a line feed alone', 'X-A: b\nTransfer-Encoding: chunked\r\n'],
  ])('is refused and its connection closed: %s', (_name, header) =>
    withConsole(async (console) => {
      const head = `POST ${rules} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${console.masterKey}\r\n`;
      const smuggled = `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${console.masterKey}\r\n\r\n`;
      const answer = await exchange(console.origin, `${head}${header}\r\n{}${smuggled}`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).not.toContain(console.account.name);
      await expectNothingMade(console);
    }),
  );

  it('with headers without end is refused', () =>
    withConsole(async ({ origin, nobody }) => {
      const endless = `GET /api/docs HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`;
      // A reset may overtake the answer, because not all of it was read.
      expect(await exchange(origin, endless)).toMatch(/^(HTTP\/1\.1 431 |$)/);
      expect((await nobody.get('/api/docs')).status).toBe(200);
    }));
});

describe('stuffing the sign-in', () => {
  it('with many accounts from one address is slowed down, and learns nothing', () =>
    withConsole(async ({ nobody, account, masterKey }) => {
      const names = [account.name, ...Array.from({ length: 69 }, (_, index) => `customer-${index}`)];
      const tries = names.map((name) =>
        nobody.post('/sign-in', { account: name, key: createKeyText('master') }),
      );
      const answers = await Promise.all(tries);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(50);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
      const texts = answers.map(({ body }) => JSON.stringify({ ...body, requestId: '' }));
      expect(new Set(texts.filter((text) => !text.includes('rate-limited'))).size).toBe(1);
      expect((await nobody.post('/sign-in', { account: account.name, key: masterKey })).status).toBe(200);
    }));

  it('from many addresses by a header that anybody can send counts as one', () =>
    withConsole(async ({ nobody, account }) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          nobody
            .with({ 'x-forwarded-for': `203.0.113.${index}`, forwarded: `for=203.0.113.${index}` })
            .post('/sign-in', { account: account.name, key: createKeyText('master') }),
        ),
      );
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
    }));

  it('with cookies that were not made here gets nowhere', () =>
    withConsole(async ({ nobody, browser }) => {
      const { cookie = '' } = (await browser()).headers;
      const [name, value = ''] = cookie.split('=');
      const flipped = `${value.slice(0, -4)}${value.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
      for (const forged of [
        '',
        'x',
        'null',
        '{}',
        flipped,
        value.slice(1),
        value.repeat(2),
        '%00',
        '../../x',
      ]) {
        const { status } = await nobody.with({ cookie: `${name}=${forged}` }).get('/me');
        expect([forged, status]).toEqual([forged, 401]);
      }
    }));
});
