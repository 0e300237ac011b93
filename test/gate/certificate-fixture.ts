/** Client certificates of every kind, made beside the store: none of them is on record. */

import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, X509CertificateGenerator } from '@peculiar/x509';
import { type Authority, signSelf, signWith } from '../../src/authority/sign.ts';

export interface CertificateWish {
  readonly commonName: string;
  /** null: signed by its own key. */
  readonly authority: Authority | null;
  readonly fromDays?: number;
  readonly untilDays?: number;
  readonly usage?: 'client' | 'server';
}

const dayMs = 86_400_000;

/** As TLS options. */
export const makeCertificate = async (wish: CertificateWish): Promise<{ cert: string; key: string }> => {
  const { commonName, authority, fromDays = -1, untilDays = 1, usage = 'client' } = wish;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const claims = {
    commonName,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    validity: { notBefore: now + fromDays * dayMs, notAfter: now + untilDays * dayMs },
    extensions: [
      new ExtendedKeyUsageExtension([
        usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
      ]),
    ],
  };
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: authority ? await signWith(claims, authority) : await signSelf(claims, key), key };
};

/** One that only its holder vouches for, with this serial number in hex. */
export const makeNumberedCertificate = async (
  serialNumber: string,
): Promise<{ cert: string; key: string }> => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: 'CN=anybody',
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { cert: certificate.toString('pem'), key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
};
