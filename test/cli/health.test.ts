/** `postern health` against a stand-in at telemetry.listen; the container suite asks the real one. */

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type CliFixture, createCliFixture } from './run.ts';

const nowhere = 'postgresql://nobody:none@127.0.0.1:1/none';
let cli: CliFixture;

beforeAll(async () => {
  cli = await createCliFixture({ storeUrl: nowhere, backendUrl: nowhere });
});
afterAll(() => cli?.remove());

const health = async (listen: string, ...options: string[]) => {
  const text = await readFile(join(cli.directory, 'postern.yaml'), 'utf8');
  const file = join(cli.directory, 'asked.yaml');
  await writeFile(file, text.replace(/^telemetry: .*$/m, `telemetry: { listen: "${listen}" }`));
  return cli.run('health', '--config', file, ...options);
};

const withListener = async (answer: RequestListener, work: (port: number) => Promise<void>) => {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

test('asks /livez where telemetry.listen says, also when that is every address', () =>
  withListener(
    ({ url }, response) => response.writeHead(url === '/livez' ? 200 : 503).end('ok\n'),
    async (port) => {
      for (const host of ['127.0.0.1', '0.0.0.0']) {
        expect(await health(`${host}:${port}`)).toEqual({ code: 0, out: 'Postern is alive.\n', err: '' });
      }
      const { out } = await health(`127.0.0.1:${port}`, '--json');
      expect(JSON.parse(out)).toEqual({ url: `http://127.0.0.1:${port}/livez`, answer: 'ok' });
    },
  ));

test('with --ready asks /readyz, and passes on why not', () =>
  withListener(
    ({ url }, response) =>
      url === '/readyz' ? response.writeHead(503).end('Postern is starting.\n') : response.end('ok\n'),
    async (port) => {
      expect(await health(`127.0.0.1:${port}`, '--ready')).toEqual({
        code: 1,
        out: '',
        err: `postern: http://127.0.0.1:${port}/readyz answers 503: Postern is starting.\n`,
      });
    },
  ));

test('fails in one sentence when nobody listens', async () => {
  const port = await freePort();
  const { code, err } = await health(`127.0.0.1:${port}`);
  expect(code).toBe(1);
  expect(err).toMatch(
    new RegExp(
      `^postern: Postern does not answer at http://127\\.0\\.0\\.1:${port}/livez: .*ECONNREFUSED.*\\n$`,
    ),
  );
});

test('does not wait for ever', () =>
  withListener(
    () => undefined,
    async (port) => {
      const { code, err } = await health(`127.0.0.1:${port}`);
      expect({ code, err }).toEqual({
        code: 1,
        err: `postern: Postern does not answer at http://127.0.0.1:${port}/livez: no answer within 3 s.\n`,
      });
    },
  ));

test('cannot ask at a port that is any', async () => {
  expect(await health('127.0.0.1:0')).toMatchObject({ code: 1, err: expect.stringContaining('port 0') });
});
