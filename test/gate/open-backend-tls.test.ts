import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate, type KeyPair } from '../../src/authority/create.ts';
import { proveByScram } from '../support/raw-login.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { ask, backendWith, greeting, startStubBackend, text } from './stub-backend.ts';

const directory = await mkdtemp(join(tmpdir(), 'postern-backend-'));
const ours = await createAuthority({ commonName: 'Backend CA', validDays: 1 });
const theirs = await createAuthority({ commonName: 'Backend CA', validDays: 1 });
const caFile = join(directory, 'backend_ca.pem');
await writeFile(caFile, ours.certificatePem);
const certificates = {
  good: await createServerCertificate({ authority: ours, names: ['localhost'], validDays: 1 }),
  'wrong name': await createServerCertificate({
    authority: ours,
    names: ['elsewhere.example'],
    validDays: 1,
  }),
  'wrong authority': await createServerCertificate({ authority: theirs, names: ['localhost'], validDays: 1 }),
};

const backend = await startStubBackend();
afterAll(async () => {
  await backend.stop();
  await rm(directory, { recursive: true });
});

/** Answers the SSLRequest and goes on inside TLS: asks for the password in clear, and greets. */
const serveTls = (pair: KeyPair) => (socket: Socket, first: Buffer) => {
  expect(first.toString('hex')).toBe('0000000804d2162f');
  socket.write('S');
  const stream = new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({ cert: pair.certificatePem, key: pair.privateKeyPem }),
  });
  stream.on('error', () => undefined);
  stream.once('data', () => {
    stream.write(ask(3));
    stream.once('data', () => stream.write(greeting));
  });
};

const misunderstood = 'The database server behind Postern gave an answer that Postern does not understand.';
const unreachable = 'The database server behind Postern cannot be reached.';

describe.each([
  ['verify-full', { good: true, 'wrong name': false, 'wrong authority': false }],
  ['verify-ca', { good: true, 'wrong name': true, 'wrong authority': false }],
  ['require', { good: true, 'wrong name': true, 'wrong authority': true }],
] as const)('a backend with tls: %s', (tls, admitted) => {
  const gate = gateUnderTest({
    configure: backendWith({ host: 'localhost', port: backend.port, tls, caFile }),
  });
  const login = async () => {
    const client = await gate.greeted();
    await proveByScram(client, gate.postern.readerKey);
    return client;
  };

  it.each(['good', 'wrong name', 'wrong authority'] as const)('and a certificate: %s', async (which) => {
    backend.behave(serveTls(certificates[which]));
    const client = await login();
    if (admitted[which]) {
      expect((await client.readThrough('Z')).at(-1)?.type).toBe('Z');
      return;
    }
    expect(await client.refusal()).toMatchObject({ sqlstate: '08006', message: unreachable });
    const line = await gate.logged({ reason: 'backend-unreachable' });
    expect(JSON.stringify(line)).toMatch(/altnames|certificate|self-signed/i);
  });

  it('that offers no TLS is never spoken to in clear', async () => {
    const heard: Buffer[] = [];
    backend.behave((socket, first) => {
      heard.push(first);
      socket.on('data', (more: Buffer) => heard.push(more));
      socket.write('N');
    });
    expect(await (await login()).refusal()).toMatchObject({ sqlstate: '08006', message: unreachable });
    expect(Buffer.concat(heard).toString('hex')).toBe('0000000804d2162f');
  });

  it.each([
    ['bytes behind its S', Buffer.concat([text('S'), greeting]), misunderstood],
    ['an error in place of an answer', text('E'), unreachable],
    ['garbage', text('x'), unreachable],
  ])('that sends %s is not believed', async (_name, bytes, sentence) => {
    backend.behave((socket) => socket.write(bytes));
    expect(await (await login()).refusal()).toMatchObject({ sqlstate: '08006', message: sentence });
    await expect.poll(() => backend.size).toBe(0);
  });
});
