import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, createServer, connect as tlsConnect } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { logIn, query } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';

const gate = gateUnderTest();
const hello = () => startup({ user: gate.postern.account });
const bare = { cert: undefined, key: undefined };
const alpn = ['postgresql'];

const roads = {
  'after SSLRequest': (changes: ConnectionOptions) => gate.secured(changes),
  'in direct TLS': async (changes: ConnectionOptions) => {
    const client = await gate.plain();
    await client.upgrade(gate.tlsOptions({ ALPNProtocols: alpn, ...changes }));
    return client;
  },
};
type Road = keyof typeof roads;

/** What a client could resume later: whatever the server has given to one that logged in. */
const sessionsFrom = async (road: Road, versions: ConnectionOptions): Promise<Buffer[]> => {
  const client = await roads[road](versions);
  const given: Buffer[] = [];
  client.tls.on('session', (session) => given.push(session));
  client.send(hello());
  await logIn(client, gate.postern.readerKey);
  // Tickets of TLS 1.3 come behind the handshake: by now they would be here.
  await query(client, 'SELECT 1');
  const own = client.tls.getSession();
  return own ? [...given, own] : given;
};

/** Of OpenSSL's SSL_SESSION (ssl/ssl_asn1.c); `max_early_data` is left out where it is 0. */
const peerCertificate = 0xa3;
const maxEarlyData = 0xaf;

/** The tags of what an SSL_SESSION consists of; Node writes a name in front of its DER. */
const tagsIn = (session: Buffer): number[] => {
  const der = session.subarray(session.indexOf(Buffer.of(0x30, 0x82)));
  const tags: number[] = [];
  const contentAt = (offset: number): { start: number; bytes: number } => {
    const first = der.readUInt8(offset + 1);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    const bytes = octets === 0 ? first : der.readUIntBE(offset + 2, octets);
    return { start: offset + 2 + octets, bytes };
  };
  let offset = contentAt(0).start;
  while (offset < der.length) {
    tags.push(der.readUInt8(offset));
    const { start, bytes } = contentAt(offset);
    offset = start + bytes;
  }
  return tags;
};

/** A session of another server, which does give tickets, for the same name. */
const foreignSession = async (versions: ConnectionOptions): Promise<Buffer> => {
  const authority = await createAuthority({ commonName: 'Postern server CA', validDays: 1 });
  const pair = await createServerCertificate({ authority, names: ['localhost'], validDays: 1 });
  const server = createServer({ cert: pair.certificatePem, key: pair.privateKeyPem, ALPNProtocols: alpn });
  server.on('secureConnection', (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = tlsConnect({ port, servername: 'localhost', rejectUnauthorized: false, ...versions });
  client.resume();
  const [session] = (await once(client, 'session')) as [Buffer];
  client.destroy();
  server.close();
  return session;
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a client that resumes a session of %s', (version) => {
  const versions = { minVersion: version, maxVersion: version };

  it.each<[Road, Road]>([
    ['after SSLRequest', 'after SSLRequest'],
    ['after SSLRequest', 'in direct TLS'],
    ['in direct TLS', 'in direct TLS'],
    ['in direct TLS', 'after SSLRequest'],
  ])('that began %s, %s, needs its certificate again', async (first, second) => {
    for (const session of await sessionsFrom(first, versions)) {
      const client = await roads[second]({ ...versions, session, ...bare });
      expect(client.tls.isSessionReused()).toBe(false);
      client.send(hello());
      expect(await client.refusal()).toMatchObject({ message: 'The client sent no certificate.' });
    }
  });

  it('may send no early data with it', async () => {
    const sessions = await sessionsFrom('in direct TLS', versions);
    expect(sessions).not.toEqual([]);
    for (const session of sessions) {
      expect(tagsIn(session)).toContain(peerCertificate);
      expect(tagsIn(session)).not.toContain(maxEarlyData);
    }
  });

  it('of another server gets a full handshake', async () => {
    const session = await foreignSession(versions);
    const client = await gate.secured({ ...versions, session, ...bare });
    expect(client.tls.isSessionReused()).toBe(false);
    client.send(hello());
    expect(await client.refusal()).toMatchObject({ sqlstate: '28000' });
  });
});

describe('renegotiation', () => {
  it('is refused, so that nobody swaps certificates under a session or makes the gate compute', async () => {
    const client = await gate.secured({ maxVersion: 'TLSv1.2' });
    client.send(hello());
    await logIn(client, gate.postern.readerKey);
    const refused = new Promise<Error | null>((resolve) => {
      client.tls.once('error', resolve);
      client.tls.renegotiate({}, resolve);
    });
    expect(String(await refused)).toMatch(/no renegotiation/i);
  });
});

describe('a weak cipher', () => {
  const weak = (ciphers: string) => ({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }) as const;

  it.each([
    ['that encrypts nothing', 'ECDHE-ECDSA-NULL-SHA'],
    ['without our certificate', 'AECDH-AES256-SHA'],
    ['without our certificate and with DH', 'ADH-AES256-GCM-SHA384'],
    ['of nobody else', 'ECDHE-ECDSA-CAMELLIA128-SHA256'],
  ])('%s is refused with an alert', async (_name, ciphers) => {
    await expect(gate.secured(weak(ciphers))).rejects.toThrow(/handshake failure/);
    await gate.logged({ reason: 'tls-failed' });
  });
});

describe('with an RSA certificate', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-rsa-'));
  afterAll(() => rm(directory, { recursive: true }));
  const [certificateFile, keyFile] = [join(directory, 'server.crt'), join(directory, 'server.key')];
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const authority = await createAuthority({ commonName: 'Postern server CA', validDays: 1 });
  const options = { authority, names: ['localhost'], validDays: 1, privateKeyPem };
  await writeFile(certificateFile, (await createServerCertificate(options)).certificatePem);
  await writeFile(keyFile, privateKeyPem, { mode: 0o600 });
  const rsaGate = gateUnderTest({ configure: gateWith({ certificateFile, keyFile }) });
  const trusting = { ca: authority.certificatePem, maxVersion: 'TLSv1.2' } as const;

  it('a key exchange that a stolen key would open later is refused', async () => {
    for (const ciphers of ['AES256-GCM-SHA384', 'AES128-SHA', 'NULL-SHA256', 'ECDHE-RSA-NULL-SHA']) {
      const wish = { ...trusting, ciphers: `${ciphers}:@SECLEVEL=0` };
      await expect(rsaGate.secured(wish)).rejects.toThrow(/handshake failure/);
    }
  });

  it('every other client is let in', async () => {
    const client = await rsaGate.secured(trusting);
    client.send(startup({ user: rsaGate.postern.account }));
    await logIn(client, rsaGate.postern.readerKey);
    expect(client.tls.getCipher().standardName).toMatch(/^TLS_ECDHE_RSA_/);
  });
});
