/**
 * Makes certificate authorities and server certificates, all ECDSA P-256. Returns values; whoever wants them on
 * disk asks `files.ts`. Client certificates are made in `issue.ts`.
 */

import 'reflect-metadata';
import { createPublicKey, generateKeyPair, X509Certificate } from 'node:crypto';
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

/** PKCS#8, PEM. */
export const generateKey = async (): Promise<string> => {
  const { privateKey } = await generateKeyPairAsync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const publicKeyOf = (privateKeyPem: string): Buffer =>
  createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });

export interface AuthorityOptions {
  readonly commonName: string;
  readonly validDays: number;
  readonly now?: number;
  /** PEM; unless given a new one is made. */
  readonly privateKeyPem?: string;
  /** The authority that it follows: it counts as newer, however soon it is made. */
  readonly after?: X509Certificate;
}

/** A self-signed authority that may sign end certificates and nothing else (path length 0). */
export const createAuthority = async (options: AuthorityOptions): Promise<Authority> => {
  const privateKeyPem = options.privateKeyPem ?? (await generateKey());
  const validity = validityFor(options.validDays, options.now ?? Date.now());
  const earliest = options.after === undefined ? 0 : validityOf(options.after).notBefore + 1_000;
  const claims = {
    commonName: options.commonName,
    publicKey: publicKeyOf(privateKeyPem),
    validity: { ...validity, notBefore: Math.max(validity.notBefore, earliest) },
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
  /** PEM; unless given a new one is made. */
  readonly privateKeyPem?: string;
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
  const privateKeyPem = options.privateKeyPem ?? (await generateKey());
  const claims = {
    // For people only: clients go by the alternative names. X.520 allows 64 characters.
    commonName: names.find(({ value }) => value.length <= 64)?.value ?? 'Postern',
    publicKey: publicKeyOf(privateKeyPem),
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
