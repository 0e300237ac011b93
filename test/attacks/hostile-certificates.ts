/** Client certificates that somebody who wants in, or wants to do harm, could make or have. */

import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** By nobody but itself, with this name (RFC 4514) and about so many bytes of host names. */
export const selfMade = async (name: string, extraBytes = 0): Promise<CertificateAndKey> => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const hostBytes = 200;
  const hosts = Array.from({ length: Math.ceil(extraBytes / hostBytes) }, (_, index) => ({
    type: 'dns' as const,
    value: `${index}.`.padEnd(hostBytes, 'x'),
  }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: hosts.length > 0 ? [new SubjectAlternativeNameExtension(hosts)] : [],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  };
};

/** SubjectPublicKeyInfo of a new key, with the key itself. */
export const newKeyPair = (): { readonly publicKey: Buffer; readonly key: string } => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
