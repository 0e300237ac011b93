import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createApi } from '../../src/web/api.ts';

/** A console that answers everything with an empty object. */
const listen = async () => {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createApi(
    null,
    () => undefined,
    (path, request) => fetch(origin + path, request),
  );
  return { asked, api };
};

it('what the page asks by itself says so', async () => {
  const { asked, api } = await listen();
  await api.get('/sessions');
  await api.poll('/sessions');
  expect(asked.map(({ headers }) => headers['postern-background'])).toEqual([undefined, '1']);
});
