/**
 * Makes certificate authorities and server certificates, all ECDSA P-256. Returns values; whoever wants them on
 * disk asks `files.ts`. Client certificates are made in `issue.ts`.
 */

import 'reflect-metadata';
import { generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { parseServerNames } from './names.ts';
import { type Authority, signSelf, signWith } from './sign.ts';
import { validityFor, validityOf, within } from './validity.ts';

const generateKeyPairAsync = promisify(generateKeyPair);

const generateKeys = async (): Promise<{ publicKey: Buffer; privateKeyPem: string }> => {
  const keys: { publicKey: KeyObject; privateKey: KeyObject } = await generateKeyPairAsync('ec', {
    namedCurve: 'P-256',
  });
  return {
    publicKey: keys.publicKey.export({ type: 'spki', format: 'der' }),
    privateKeyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

export interface AuthorityOptions {
  readonly commonName: string;
  readonly validDays: number;
  readonly now?: number;
}

/** A self-signed authority that may sign end certificates and nothing else (path length 0). */
export const createAuthority = async (options: AuthorityOptions): Promise<Authority> => {
  const { publicKey, privateKeyPem } = await generateKeys();
  const claims = {
    commonName: options.commonName,
    publicKey,
    validity: validityFor(options.validDays, options.now ?? Date.now()),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  };
  return { certificatePem: await signSelf(claims, privateKeyPem), privateKeyPem };
};

export interface ServerCertificateOptions {
  readonly authority: Authority;
  /** Host names (also `*.example.com`) and IP addresses that clients connect to, mixed. */
  readonly names: readonly string[];
  readonly validDays: number;
  readonly now?: number;
}

export interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A certificate for the gate. Throws RequestError for unusable names or an authority that is not valid now. */
export const createServerCertificate = async (options: ServerCertificateOptions): Promise<KeyPair> => {
  const names = parseServerNames(options.names);
  const now = options.now ?? Date.now();
  const issuer = validityOf(new X509Certificate(options.authority.certificatePem));
  const { publicKey, privateKeyPem } = await generateKeys();
  const claims = {
    // For people only: clients go by the alternative names. X.520 allows 64 characters.
    commonName: names.find(({ value }) => value.length <= 64)?.value ?? 'Postern',
    publicKey,
    validity: within(validityFor(options.validDays, now), issuer, now),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map(({ type, value }) => ({ type, value }))),
    ],
  };
  return { certificatePem: await signWith(claims, options.authority), privateKeyPem };
};
