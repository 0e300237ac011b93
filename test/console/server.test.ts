import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { buildConsole } from '../../src/console/server.ts';
import { withControl } from '../control/control-fixture.ts';
import { withConsole } from './console-fixture.ts';

const withPage = async (work: (webRoot: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-page-'));
  try {
    const webRoot = join(directory, 'web');
    await mkdir(join(webRoot, 'assets'), { recursive: true });
    await writeFile(join(webRoot, 'index.html'), '<title>The page</title>');
    await writeFile(join(webRoot, 'assets/index-1a2b.js'), 'export {};');
    await writeFile(join(directory, 'secret.txt'), 'not for the web');
    await work(webRoot);
  } finally {
    await rm(directory, { recursive: true });
  }
};

describe('every answer', () => {
  it('tells browsers to refuse frames, foreign scripts, sniffing, caching and plain HTTP', () =>
    withConsole(async ({ owner, nobody }) => {
      for (const { headers } of [
        await owner.get('/me'),
        await nobody.get('/me'),
        await nobody.get('/api/docs'),
        await nobody.get('/api/nothing'),
      ]) {
        expect(Object.fromEntries(headers)).toMatchObject({
          'cache-control': 'no-store',
          'content-security-policy':
            "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';font-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'",
          'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
          'x-frame-options': 'DENY',
        });
        expect([...headers.keys()].filter((name) => /access-control|powered|^server$/.test(name))).toEqual(
          [],
        );
      }
    }));

  it('comes at a limited rate per address', () =>
    withConsole(async ({ nobody }) => {
      let limited: Awaited<ReturnType<typeof nobody.get>> | undefined;
      for (let round = 0; round < 13 && limited === undefined; round += 1) {
        const answers = await Promise.all(Array.from({ length: 100 }, () => nobody.get('/me')));
        limited = answers.find(({ status }) => status === 429);
      }
      expect(limited?.body).toMatchObject({ code: 'rate-limited' });
      expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
    }));
});

describe('what costs much', () => {
  it('has a limit of its own for each account', () =>
    withConsole(async ({ owner, neighbour }) => {
      const { client } = await neighbour();
      const answers = await Promise.all(
        Array.from({ length: 32 }, () => owner.post('/certificates', { name: 'Laptop' })),
      );
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
      expect((await client.post('/certificates', { name: 'Laptop' })).status).toBe(409);
    }));
});

describe('the page', () => {
  it('is served with its files, also under paths of its own, and nothing beside it is', () =>
    withPage((webRoot) =>
      withConsole(
        async ({ origin }) => {
          const asPage = { headers: { accept: 'text/html' } };
          const get = (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, init);
          for (const path of ['/', '/connections', '/accounts/demo?x=1']) {
            const page = await get(path, asPage);
            expect([page.status, page.headers.get('cache-control'), await page.text()]).toEqual([
              200,
              'no-cache',
              '<title>The page</title>',
            ]);
            // Another index.html may have the same date and size: a browser must not find it unchanged.
            expect([page.headers.get('etag'), page.headers.get('last-modified')]).toEqual([null, null]);
          }
          const script = await get('/assets/index-1a2b.js');
          expect(script.headers.get('cache-control')).toContain('immutable');
          expect(script.headers.get('content-type')).toContain('javascript');
          for (const path of [
            '/assets/gone.js',
            '/api/v1/gone',
            '/..%2fsecret.txt',
            '/%2e%2e/secret.txt',
            '/.env',
          ]) {
            const gone = await get(path);
            expect([path, gone.status]).toEqual([path, gone.status === 403 ? 403 : 404]);
            expect(await gone.text()).not.toContain('not for the web');
          }
          expect((await get('/api/v1/gone', asPage)).status).toBe(404);
        },
        () => ({ webRoot }),
      ),
    ));
});

it('the API is explained on a page without scripts', () =>
  withConsole(async ({ nobody }) => {
    const { text, headers } = await nobody.get('/api/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain('/api/v1/address-rules/{id}');
    expect(text).not.toMatch(/<script|<style|style=|https?:\/\//);
    expect((await nobody.get('/api/docs.css')).headers.get('content-type')).toContain('text/css');
  }));

it('speaks TLS where it is given a certificate', () =>
  withControl(async ({ context, sealer }) => {
    const authority = await createAuthority({ commonName: 'Console CA', validDays: 2 });
    const { certificatePem, privateKeyPem } = await createServerCertificate({
      authority,
      names: ['localhost'],
      validDays: 1,
    });
    const silent = () => undefined;
    const app = await buildConsole({
      control: { ...context, sealer },
      sealer,
      adminToken: null,
      public: { host: 'gate.example', port: 6432 },
      secureCookies: true,
      trustProxy: [],
      tls: { cert: certificatePem, key: privateKeyPem },
      webRoot: null,
      log: { debug: silent, info: silent, warn: silent, error: silent },
    });
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    try {
      const status = await new Promise((resolve, reject) => {
        const asked = request(
          {
            host: '127.0.0.1',
            servername: 'localhost',
            port: url.port,
            path: '/api/v1/me',
            ca: authority.certificatePem,
          },
          (response) => resolve(response.resume().statusCode),
        );
        asked.on('error', reject).end();
      });
      expect([url.protocol, status]).toEqual(['https:', 401]);
    } finally {
      await app.close();
    }
  }));
