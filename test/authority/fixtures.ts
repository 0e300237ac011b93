/**
 * What several tests of the authority need: signing requests and operators' authorities made by other means than
 * the code under test, and a directory that is gone afterwards. Keys are made once per test file: RSA takes long.
 */

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  type Extension,
  Name,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Authority } from '../../src/authority/sign.ts';

export const rsa = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});

export const ec = (namedCurve: string) => ({ name: 'ECDSA', hash: 'SHA-256', namedCurve });

type KeyAlgorithm = ReturnType<typeof rsa> | ReturnType<typeof ec> | { name: 'Ed25519' };

const generateKeys = async (algorithm: KeyAlgorithm): Promise<webcrypto.CryptoKeyPair> => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error('not a key pair');
  return keys;
};

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag);

/** A signing request that asks for more than it shall get: another name, to be a CA, a server's name. */
export const greedyRequest = async (
  algorithm: KeyAlgorithm,
): Promise<{ pem: string; der: Buffer; privateKeyPem: string }> => {
  const keys = await generateKeys(algorithm);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=somebody-else, O=Elsewhere',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 3, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'bank.example' }]),
    ],
  });
  return {
    pem: request.toString('pem'),
    der: Buffer.from(request.rawData),
    privateKeyPem: await pemOf(keys.privateKey),
  };
};

/** An authority as an operator might bring it, with a name and a key identifier that Postern would not choose. */
export const operatorAuthority = async (
  algorithm: KeyAlgorithm,
  overrides: { readonly extensions?: Extension[]; readonly notBefore?: Date; readonly notAfter?: Date } = {},
): Promise<Authority> => {
  const keys = await generateKeys(algorithm);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: new Name([
      { C: [{ printableString: 'CH' }] },
      { O: [{ utf8String: 'Gemeinde Größwil' }] },
      { CN: [{ utf8String: 'Own CA' }] },
    ]),
    keys,
    signingAlgorithm: algorithm,
    notBefore: overrides.notBefore ?? new Date('2020-01-01T00:00:00Z'),
    notAfter: overrides.notAfter ?? new Date('2080-01-01T00:00:00Z'),
    extensions: overrides.extensions ?? [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectKeyIdentifierExtension('0102030405060708'),
    ],
  });
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: await pemOf(keys.privateKey),
  };
};

export const withDirectory = async (use: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-authority-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** Writes a pair as two files and returns how the loaders want to be told about them. */
export const writePair = async (
  directory: string,
  pair: Authority,
): Promise<{ certificateFile: string; keyFile: string }> => {
  const files = { certificateFile: join(directory, 'pair.pem'), keyFile: join(directory, 'pair.key') };
  await writeFile(files.certificateFile, pair.certificatePem);
  await writeFile(files.keyFile, pair.privateKeyPem);
  return files;
};
