import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import {
  buildPassword,
  buildSaslInitialResponse,
  buildSaslResponse,
  buildSslRequest,
} from '../../src/wire/frontend-messages.ts';
import { gateUnderTest, gateWith, proxyHeader } from '../gate/gate-fixture.ts';
import { ask, backendWith, greeting, startStubBackend } from '../gate/stub-backend.ts';
import type { RawClient } from '../support/raw-client.ts';
import { proveByScram } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';

const loginTimeoutMs = 800;
/** Each byte comes long before anybody would call the peer silent, and all of them long after the deadline. */
const dripMs = 60;
/** The end comes with the deadline; the rest is for a machine that has much to do. */
const withinMs = loginTimeoutMs + 3_000;

/** Sends one byte now and then until the peer has had enough, or the bytes are gone. */
const drip = (send: (byte: Buffer) => void, bytes: Buffer): (() => void) => {
  const each = bytes.values();
  const timer = setInterval(() => {
    const { value, done } = each.next();
    if (done) clearInterval(timer);
    else send(Buffer.of(value));
  }, dripMs);
  return () => clearInterval(timer);
};

const backend = await startStubBackend();
afterAll(() => backend.stop());
const gate = gateUnderTest({
  configure: (config) => ({
    ...gateWith({ loginTimeoutMs, trustedProxies: ['127.0.0.0/8'] })(config),
    backends: backendWith({ port: backend.port, connectTimeoutMs: 60_000 })(config).backends,
  }),
  allow: ['198.51.100.0/24'],
});
const from = '198.51.100.90';
const hello = () => startup({ user: gate.postern.account, application_name: 'x'.repeat(500) });

/** What a client says first in TLS, as it would be on the wire. */
const clientHello = async (): Promise<Buffer> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = tlsConnect({ port, host: '127.0.0.1', servername: 'localhost' });
  client.on('error', () => undefined);
  const [socket] = await accepted;
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
};

const scramSha256 = 'SCRAM-SHA-256';
const begun = async (client: RawClient): Promise<RawClient> => {
  await client.readMessage();
  client.send(buildSaslInitialResponse(scramSha256, 'n,,n=,r=fyko'));
  await client.readMessage();
  return client;
};

interface Slow {
  /** The connection up to the point where it becomes slow. */
  readonly client: () => Promise<RawClient>;
  readonly bytes: () => Buffer | Promise<Buffer>;
  readonly stage: string;
}

const stages: Readonly<Record<string, Slow>> = {
  'PROXY header of version 1': {
    client: () => gate.plain(),
    bytes: () => proxyHeader(from),
    stage: 'accept',
  },
  'PROXY header of version 2': {
    client: () => gate.plain(),
    bytes: () => Buffer.from('0d0a0d0a000d0a515549540a2111000cc633645ac633645a9c401920', 'hex'),
    stage: 'accept',
  },
  'requests for encryption': {
    client: () => gate.plain(from),
    // Twelve bytes a second and a half: GSSENCRequest, and then SSLRequest.
    bytes: () => Buffer.concat([Buffer.from('0000000804d21630', 'hex'), buildSslRequest()]),
    stage: 'encrypt',
  },
  'ClientHello after SSLRequest': {
    client: async () => {
      const client = await gate.plain(from);
      client.send(buildSslRequest());
      await client.read(1);
      return client;
    },
    bytes: clientHello,
    stage: 'encrypt',
  },
  'ClientHello of direct TLS': { client: () => gate.plain(from), bytes: clientHello, stage: 'encrypt' },
  'startup packet': { client: () => gate.secured({}, from), bytes: hello, stage: 'greet' },
  'first SCRAM message': {
    client: async () => {
      const client = await gate.greeted({}, { from });
      await client.readMessage();
      return client;
    },
    bytes: () => buildSaslInitialResponse(scramSha256, 'n,,n=,r=fyko'),
    stage: 'identify',
  },
  'final SCRAM message': {
    client: async () => begun(await gate.greeted({}, { from })),
    bytes: () => buildSaslResponse(`c=biws,r=fyko,p=${'A'.repeat(300)}`),
    stage: 'identify',
  },
};

describe('a client that sends each byte just in time is ended by the one deadline, slow in its', () => {
  it.each(Object.entries(stages))('%s', async (_name, { client: open, bytes, stage }) => {
    const text = await bytes();
    const beganAt = performance.now();
    const client = await open();
    const stop = drip((byte) => client.trySend(byte), text);
    await client.gone().finally(stop);
    expect(performance.now() - beganAt).toBeLessThan(withinMs);
    await gate.logged({ reason: 'login-deadline', stage });
  });

  it('password', async () => {
    await changeAccount(gate.postern.context, gate.postern.account, { clientAuthentication: 'password' });
    await gate.caughtUp();
    const beganAt = performance.now();
    const client = await gate.greeted({}, { from });
    await client.readMessage();
    const stop = drip((byte) => client.trySend(byte), buildPassword('x'.repeat(300)));
    await client.gone().finally(stop);
    expect(performance.now() - beganAt).toBeLessThan(withinMs);
    await gate.logged({ reason: 'login-deadline', stage: 'identify' });
    await changeAccount(gate.postern.context, gate.postern.account, { clientAuthentication: null });
    await gate.caughtUp();
  });
});

describe('a backend that sends each byte just in time', () => {
  let stop: () => void = () => undefined;
  beforeAll(() =>
    backend.behave((socket) => {
      stop = drip((byte) => socket.write(byte), Buffer.concat([ask(0), greeting, greeting, greeting]));
    }),
  );
  afterAll(() => stop());

  it('keeps no client past the deadline', async () => {
    const beganAt = performance.now();
    const client = await gate.greeted({}, { from });
    await proveByScram(client, gate.postern.readerKey);
    expect(await client.refusal()).toMatchObject({ sqlstate: '08006' });
    expect(performance.now() - beganAt).toBeLessThan(withinMs);
    await gate.logged({ reason: 'login-deadline', stage: 'open' });
  });
});
