import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBundleFiles } from '../../src/authority/bundle.ts';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { identityOf, issueClientCertificate, signClientRequest } from '../../src/authority/issue.ts';
import { pkcs12Password } from '../../src/authority/pkcs12.ts';
import { ec, greedyRequest, operatorAuthority, rsa } from './fixtures.ts';

/** What the server saw of its client. */
interface Seen {
  readonly authorized: boolean;
  readonly error: string;
  readonly identity: { serial: string; fingerprint: string } | undefined;
  readonly commonName: string | undefined;
}

const clientCa = await createAuthority({ commonName: 'Client CA', validDays: 30 });
const ownCa = await operatorAuthority(rsa(2048));
const foreignCa = await createAuthority({ commonName: 'Client CA', validDays: 30 });
const serverCa = await createAuthority({ commonName: 'Server CA', validDays: 30 });
const gate = await createServerCertificate({
  authority: serverCa,
  names: ['localhost', 'db.example.com', '127.0.0.1', '::1'],
  validDays: 7,
});
const limits = { authority: clientCa, accountName: 'demo', days: 7, maximumDays: 365 };
const { certificate: issued, privateKey } = await issueClientCertificate(limits);
const files = new Map(
  buildBundleFiles({
    issued,
    privateKey,
    serverCaPem: serverCa.certificatePem,
    connection: { host: 'localhost', port: 6432, database: 'demo', user: 'demo' },
    certificateName: 'Test',
  }).map(({ name, content }) => [name, content] as const),
);
const fileOf = (name: string): Buffer => files.get(name) ?? Buffer.alloc(0);

const server = createServer({
  cert: gate.certificatePem,
  key: gate.privateKeyPem,
  ca: [clientCa.certificatePem, ownCa.certificatePem],
  requestCert: true,
  rejectUnauthorized: false,
});

const seenBy = (socket: TLSSocket): Seen => {
  const certificate = socket.getPeerX509Certificate();
  return {
    authorized: socket.authorized,
    error: String(socket.authorizationError ?? ''),
    identity: certificate && identityOf(certificate),
    commonName: certificate?.subject,
  };
};

/** Connects as libpq does with verify-full and returns what the server saw; rejects if the client would refuse. */
const handshake = async (options: ConnectionOptions): Promise<Seen> => {
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const { port } = server.address() as AddressInfo;
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: fileOf('server_ca.pem'),
    ...options,
  });
  try {
    await once(client, 'secureConnect');
    const [socket] = await accepted;
    const seen = seenBy(socket);
    socket.destroy();
    return seen;
  } finally {
    client.destroy();
  }
};

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  await once(server, 'close');
});

describe('a client with the files of a bundle', () => {
  const pem = { cert: fileOf('client.crt'), key: fileOf('client.key') };
  const admitted: Seen = {
    authorized: true,
    error: '',
    identity: { serial: issued.serial, fingerprint: issued.fingerprint },
    commonName: 'CN=demo',
  };

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('is known to the server over %s', async (version) => {
    expect(await handshake({ ...pem, minVersion: version, maxVersion: version })).toEqual(admitted);
  });

  test('is known by its PKCS#12 file, with the same fingerprint', async () => {
    expect(await handshake({ pfx: fileOf('client.p12'), passphrase: pkcs12Password })).toEqual(admitted);
  });

  test.each(['localhost', 'db.example.com'])(
    'finds the name %s in the server certificate',
    async (servername) => {
      expect((await handshake({ ...pem, servername })).authorized).toBe(true);
    },
  );

  test('finds the address in the server certificate', async () => {
    expect((await handshake({ ...pem, servername: '' })).authorized).toBe(true);
  });

  test('refuses a server under a name that is not in its certificate', async () => {
    await expect(handshake({ ...pem, servername: 'evil.example.com' })).rejects.toThrow(/not in the cert/);
  });

  test('refuses a server of another authority', async () => {
    await expect(handshake({ ...pem, ca: foreignCa.certificatePem })).rejects.toThrow(/certificate/);
  });
});

describe('the server', () => {
  test.each([
    ['RSA 3072', rsa(3072)],
    ['P-256', ec('P-256')],
    ['P-384', ec('P-384')],
    ['P-521', ec('P-521')],
  ])('trusts a certificate for a signing request on %s', async (_name, algorithm) => {
    const { pem, privateKeyPem } = await greedyRequest(algorithm);
    const { certificatePem, serial } = await signClientRequest({ ...limits, csr: pem });
    const seen = await handshake({ cert: certificatePem, key: privateKeyPem });
    expect(seen).toMatchObject({ authorized: true, identity: { serial }, commonName: 'CN=demo' });
  });

  test("trusts a certificate of an operator's RSA authority", async () => {
    const own = await issueClientCertificate({ ...limits, authority: ownCa });
    const seen = await handshake({ cert: own.certificate.certificatePem, key: own.privateKey.pkcs1Pem });
    expect(seen).toMatchObject({ authorized: true, identity: { serial: own.certificate.serial } });
  });

  test('does not trust an authority that only has the same name', async () => {
    const foreign = await issueClientCertificate({ ...limits, authority: foreignCa });
    const seen = await handshake({
      cert: foreign.certificate.certificatePem,
      key: foreign.privateKey.pkcs1Pem,
    });
    expect(seen.authorized).toBe(false);
  });

  test('does not trust a server certificate as a client', async () => {
    const wrong = await createServerCertificate({ authority: clientCa, names: ['demo'], validDays: 7 });
    const seen = await handshake({ cert: wrong.certificatePem, key: wrong.privateKeyPem });
    expect(seen).toMatchObject({ authorized: false, error: expect.stringContaining('PURPOSE') });
  });

  test('does not trust a certificate signed with a client certificate', async () => {
    const chain = { certificatePem: issued.certificatePem, privateKeyPem: privateKey.pkcs1Pem };
    const forged = await issueClientCertificate({ ...limits, authority: chain, accountName: 'victim' });
    const seen = await handshake({
      cert: forged.certificate.certificatePem + issued.certificatePem,
      key: forged.privateKey.pkcs1Pem,
    });
    expect(seen).toMatchObject({ authorized: false, commonName: 'CN=victim' });
  });
});
