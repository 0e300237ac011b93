/**
 * Loads the certificate that the gate shows to its clients: Postern's own or one that an operator brings. For the
 * gate's TLS context, and for channel binding, which needs the very bytes of the leaf.
 */

import 'reflect-metadata';
import type { X509Certificate as Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import { type KeyPairFiles, loadKeyPair } from './key-pair.ts';
import { validityOf } from './validity.ts';

export interface ServerCertificate {
  /** The leaf and whatever intermediate certificates the file holds, in its order. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly leafDer: Buffer;
  /** Host names and IP addresses of the subject alternative name; what verify-full compares with. */
  readonly names: readonly string[];
  /** Epoch milliseconds. An expired certificate is loaded all the same: whether to serve it is the caller's choice. */
  readonly notAfter: number;
}

/** Whether a client that connects to `host`, a name or an address, accepts the certificate with verify-full. */
export const isCertificateFor = (certificate: Certificate, host: string): boolean =>
  (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;

/** Throws RequestError if a file cannot be used or the key does not belong to the first certificate. */
export const loadServerCertificate = async (files: KeyPairFiles): Promise<ServerCertificate> => {
  const { certificate, chainPem, keyPem } = await loadKeyPair(files);
  const names =
    new X509Certificate(certificate.raw).getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    certificatePem: chainPem,
    keyPem,
    leafDer: Buffer.from(certificate.raw),
    names: names.filter(({ type }) => type === 'dns' || type === 'ip').map(({ value }) => value),
    notAfter: validityOf(certificate).notAfter,
  };
};
