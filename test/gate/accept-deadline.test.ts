import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { proveByScram } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { gateUnderTest, gateWith, proxyHeader } from './gate-fixture.ts';
import { backendWith } from './stub-backend.ts';

const loginTimeoutMs = 400;
/** FIN comes with the deadline; half a second more is for a machine that has much to do. */
const withinMs = loginTimeoutMs + 1_500;

/** Accepts and reads, and never says a word. */
const silent = async () => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { sockets, server, port: address !== null && typeof address === 'object' ? address.port : 0 };
};
const backend = await silent();
afterAll(() => {
  for (const socket of backend.sockets) socket.destroy();
  backend.server.close();
});

const gate = gateUnderTest({
  configure: (config) => ({
    ...gateWith({ loginTimeoutMs, trustedProxies: ['127.0.0.0/8'] })(config),
    backends: backendWith({ port: backend.port })(config).backends,
  }),
  allow: ['198.51.100.0/24'],
});
const from = '198.51.100.80';

const sentence = {
  severity: 'FATAL',
  sqlstate: '08006',
  message: 'The connection was not logged in within 1 second.',
};

describe('one deadline covers every gap: a peer', () => {
  it.each([
    ['says nothing, not even where it is from', Buffer.alloc(0)],
    ['stops inside the PROXY header', proxyHeader(from).subarray(0, 9)],
    ['says nothing after the PROXY header', proxyHeader(from)],
    ['stops inside the SSLRequest', Buffer.concat([proxyHeader(from), buildSslRequest().subarray(0, 5)])],
  ])('that %s is told and closed', async (_name, bytes) => {
    const startedAt = performance.now();
    const client = await gate.plain();
    client.send(bytes);
    expect(await client.refusal()).toMatchObject(sentence);
    expect(performance.now() - startedAt).toBeLessThan(withinMs);
  });

  it.each([
    ['begins no handshake', Buffer.alloc(0)],
    ['stops inside its handshake', Buffer.from('1603010200', 'hex')],
  ])('that %s after the SSLRequest is closed', async (_name, bytes) => {
    const startedAt = performance.now();
    const client = await gate.plain(from);
    client.send(buildSslRequest());
    expect(String(await client.read(1))).toBe('S');
    client.send(bytes);
    // In the middle of a handshake nothing can be told.
    expect(await client.rest()).toHaveLength(0);
    expect(performance.now() - startedAt).toBeLessThan(withinMs);
    await gate.logged({ reason: 'login-deadline', stage: 'encrypt' });
  });

  it.each([
    ['sends no startup packet', () => Buffer.alloc(0), 'greet'],
    [
      'stops inside its startup packet',
      () => startup({ user: gate.postern.account }).subarray(0, 20),
      'greet',
    ],
    ['withholds its key', () => startup({ user: gate.postern.account }), 'identify'],
  ])('that %s inside TLS is told and closed', async (_name, bytes, stage) => {
    const startedAt = performance.now();
    const client = await gate.secured({}, from);
    client.send(bytes());
    expect(await client.refusal()).toMatchObject(sentence);
    expect(performance.now() - startedAt).toBeLessThan(withinMs);
    await gate.logged({ reason: 'login-deadline', stage });
  });

  it('whose backend never answers is told and closed, and so is the backend', async () => {
    const client = await gate.greeted({}, { from });
    await proveByScram(client, gate.postern.readerKey);
    expect(await client.refusal()).toMatchObject(sentence);
    await gate.logged({ reason: 'login-deadline', stage: 'open' });
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('that sends one byte now and then gains nothing', async () => {
    const startedAt = performance.now();
    const client = await gate.secured({}, from);
    const bytes = startup({ user: gate.postern.account }).values();
    const drip = setInterval(() => client.send(Buffer.from([bytes.next().value ?? 0])), 50);
    try {
      expect(await client.refusal()).toMatchObject(sentence);
    } finally {
      clearInterval(drip);
    }
    expect(performance.now() - startedAt).toBeLessThan(withinMs);
  });
});
