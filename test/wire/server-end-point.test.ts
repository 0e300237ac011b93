import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { serverEndPoint } from '../../src/wire/server-end-point.ts';
import { bytes, everyTruncation, hex } from './feed.ts';

interface SignatureAlgorithm {
  readonly name: string;
  readonly hash?: string;
  readonly [parameter: string]: unknown;
}

/** A real self-signed certificate in DER, signed with this algorithm. */
const certificateSignedWith = async (algorithm: SignatureAlgorithm): Promise<Buffer> => {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { name: 'CN=postern.test', keys, signingAlgorithm: algorithm as never },
    webcrypto as never,
  );
  return Buffer.from(certificate.rawData);
};

const rsa = (name: string, hash: string): SignatureAlgorithm => ({
  name,
  hash,
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  saltLength: 32,
});

const ecdsa = (hash: string): SignatureAlgorithm => ({ name: 'ECDSA', namedCurve: 'P-256', hash });

describe('tls-server-end-point of a real certificate', () => {
  let ecdsaSha256: Buffer;

  beforeAll(async () => {
    ecdsaSha256 = await certificateSignedWith(ecdsa('SHA-256'));
  });

  test.each([
    ['ECDSA with SHA-256', ecdsa('SHA-256'), 'sha256'],
    ['ECDSA with SHA-384', ecdsa('SHA-384'), 'sha384'],
    ['ECDSA with SHA-512', ecdsa('SHA-512'), 'sha512'],
    ['ECDSA with SHA-1', ecdsa('SHA-1'), 'sha256'],
    ['RSA with SHA-256', rsa('RSASSA-PKCS1-v1_5', 'SHA-256'), 'sha256'],
    ['RSA with SHA-512', rsa('RSASSA-PKCS1-v1_5', 'SHA-512'), 'sha512'],
    ['RSA with SHA-1', rsa('RSASSA-PKCS1-v1_5', 'SHA-1'), 'sha256'],
    ['RSA-PSS with SHA-256', rsa('RSA-PSS', 'SHA-256'), 'sha256'],
    ['RSA-PSS with SHA-384', rsa('RSA-PSS', 'SHA-384'), 'sha384'],
    ['RSA-PSS with SHA-1', rsa('RSA-PSS', 'SHA-1'), 'sha256'],
  ])('signed by %s', async (_, algorithm, digest) => {
    const der = await certificateSignedWith(algorithm);
    expect(serverEndPoint(der)).toEqual(createHash(digest).update(der).digest());
  });

  test('signed by Ed25519 does not exist, because that signature has no hash of its own', async () => {
    expect(serverEndPoint(await certificateSignedWith({ name: 'Ed25519' }))).toBeNull();
  });

  test('cut off or with trailing bytes does not exist', () => {
    for (const part of everyTruncation(ecdsaSha256)) expect(serverEndPoint(part)).toBeNull();
    expect(serverEndPoint(bytes(ecdsaSha256, 0))).toBeNull();
  });

  test.each([
    ['nothing', ''],
    ['an empty sequence', '3000'],
    ['an indefinite length', '3080'],
    ['a length that is not the shortest', '308102 0500'],
    ['a length of four octets', '308400000002 0500'],
    ['no name of an algorithm', '3004 3000 3000'],
  ])('of %s does not exist', (_, der) => {
    expect(serverEndPoint(hex(der))).toBeNull();
  });

  test('an MD5 signature is answered with SHA-256', () => {
    const der = hex('3011 3000 300d 06092a864886f70d010104 0500');
    expect(serverEndPoint(der)).toEqual(createHash('sha256').update(der).digest());
  });

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (array) => void serverEndPoint(Buffer.from(array))),
    );
    fc.assert(
      fc.property(fc.nat({ max: 700 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = Buffer.from(ecdsaSha256);
        changed[at % changed.length] = byte;
        serverEndPoint(changed);
      }),
    );
  });
});
