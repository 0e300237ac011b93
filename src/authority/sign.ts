/**
 * Signs certificates: the one place where an authority's private key is used. Callers decide what a certificate
 * says, this file decides serial number, key identifiers and signature algorithm (RFC 5280 §4.1, §4.2.1).
 * Holds keys only for the length of a call; never logs them, never puts them into an error.
 */

import 'reflect-metadata';
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  type Extension,
  Name,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { RequestError } from '../errors.ts';
import type { Validity } from './validity.ts';

/** A certificate authority that can sign. Both PEM; the key is unencrypted PKCS#8, PKCS#1 or SEC 1. */
export interface Authority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What a certificate says about its holder. */
export interface Claims {
  readonly commonName: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly validity: Validity;
  /** Without key identifiers: these are added here. */
  readonly extensions: readonly Extension[];
}

type SigningAlgorithm =
  | { readonly name: 'ECDSA'; readonly namedCurve: string; readonly hash: string }
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: string };

/** The hash is as strong as the curve (RFC 5480 §4); keyed by OpenSSL's name of the curve. */
const curves: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
};

/** The algorithm an authority's key signs with, or null if Postern cannot sign with such a key. */
export const signingAlgorithmOf = (key: KeyObject): SigningAlgorithm | null => {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'ec') return curves[details?.namedCurve ?? ''] ?? null;
  if (key.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= 2048) {
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  }
  return null;
};

/**
 * 128 random bits less two: the top bits are 01, so that the number is positive and has 16 bytes in every
 * notation. Without that, DER adds a zero byte to half of them and OpenSSL drops leading zeros of others.
 */
const randomSerial = (): string => {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
};

/** Always UTF8String, so that no character of an account's name is read as the syntax of a DN (`,`, `+`, `#`). */
const nameOf = (commonName: string): Name => new Name([{ CN: [{ utf8String: commonName }] }]);

interface Issuer {
  readonly name: Name;
  readonly privateKeyPem: string;
  readonly keyIdentifier: Extension;
}

const sign = async (claims: Claims, subject: Name, issuer: Issuer): Promise<string> => {
  const key = createPrivateKey(issuer.privateKeyPem);
  const algorithm = signingAlgorithmOf(key);
  if (algorithm === null) {
    throw new RequestError(
      'The key of the certificate authority must be RSA of at least 2048 bits, or EC P-256, P-384 or P-521.',
    );
  }
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject,
    issuer: issuer.name,
    notBefore: new Date(claims.validity.notBefore),
    notAfter: new Date(claims.validity.notAfter),
    publicKey: claims.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      ...claims.extensions,
      await SubjectKeyIdentifierExtension.create(claims.publicKey),
      issuer.keyIdentifier,
    ],
  });
  return `${certificate.toString('pem')}\n`;
};

/** A certificate signed by its own key. Returns PEM. */
export const signSelf = async (claims: Claims, privateKeyPem: string): Promise<string> => {
  const name = nameOf(claims.commonName);
  return sign(claims, name, {
    name,
    privateKeyPem,
    keyIdentifier: await AuthorityKeyIdentifierExtension.create(claims.publicKey),
  });
};

/**
 * A certificate signed by `authority`. The issuer's name is copied as it is encoded there, and the authority key
 * identifier from the authority's own (an operator's CA may not derive it as RFC 5280 suggests). Returns PEM.
 */
export const signWith = async (claims: Claims, authority: Authority): Promise<string> => {
  const certificate = new X509Certificate(authority.certificatePem);
  const own = certificate.getExtension(SubjectKeyIdentifierExtension);
  return sign(claims, nameOf(claims.commonName), {
    name: certificate.subjectName,
    privateKeyPem: authority.privateKeyPem,
    keyIdentifier:
      own === null
        ? await AuthorityKeyIdentifierExtension.create(certificate.publicKey)
        : new AuthorityKeyIdentifierExtension(own.keyId),
  });
};
