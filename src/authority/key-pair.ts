/**
 * Loads a certificate file and its key file and makes sure that they belong together. What the certificate may be
 * used for is for the caller to check. Error messages name files and never quote them: one of them is a secret.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RequestError } from '../errors.ts';

export interface KeyPairFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface LoadedKeyPair {
  /** The certificate that the key belongs to, which is the first of the file. */
  readonly certificate: X509Certificate;
  /** All certificates of the file, PEM, in its order, without what stands between them. */
  readonly chainPem: string;
  readonly key: KeyObject;
  readonly keyPem: string;
}

const pemCertificates = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

const readText = async (what: string, file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new RequestError(
      `The ${what} file ${file} cannot be read (${reason}): check its path and permissions.`,
    );
  }
};

/** Every certificate of a PEM text, in its order; whatever stands between them is passed over. Throws what Node throws. */
export const certificatesIn = (pem: string): readonly X509Certificate[] =>
  [...pem.matchAll(pemCertificates)].map(([found]) => new X509Certificate(found));

const parseCertificates = (text: string, file: string): readonly [X509Certificate, ...X509Certificate[]] => {
  try {
    const [first, ...others] = certificatesIn(text);
    if (first !== undefined) return [first, ...others];
  } catch {
    // Told below, together with a file that holds no certificate at all.
  }
  throw new RequestError(`The file ${file} holds no readable PEM certificate ("BEGIN CERTIFICATE").`);
};

const parseKey = (pem: string, file: string): KeyObject => {
  if (pem.includes('ENCRYPTED')) {
    throw new RequestError(
      `The private key in ${file} is encrypted: give Postern an unencrypted one that only it can read.`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new RequestError(`The file ${file} holds no readable PEM private key ("BEGIN PRIVATE KEY").`);
  }
};

/** All certificates of a PEM file, in its order. @throws RequestError when it cannot be read or holds none */
export const loadCertificates = async (
  file: string,
): Promise<readonly [X509Certificate, ...X509Certificate[]]> =>
  parseCertificates(await readText('certificate', file), file);

/** @throws RequestError when the file cannot be read, or is no unencrypted PEM key */
export const loadKey = async (file: string): Promise<KeyObject> =>
  parseKey(await readText('key', file), file);

/** Throws RequestError: a file is missing, unreadable or not PEM, or the key is encrypted or another certificate's. */
export const loadKeyPair = async ({ certificateFile, keyFile }: KeyPairFiles): Promise<LoadedKeyPair> => {
  const certificates = await loadCertificates(certificateFile);
  const keyPem = await readText('key', keyFile);
  const key = parseKey(keyPem, keyFile);
  const [certificate, ...others] = certificates;
  if (!certificate.checkPrivateKey(key)) {
    throw new RequestError(
      others.some((other) => other.checkPrivateKey(key))
        ? `The key in ${keyFile} belongs to a later certificate of ${certificateFile}: put that one first.`
        : `The key in ${keyFile} does not belong to the certificate in ${certificateFile}.`,
    );
  }
  return { certificate, chainPem: certificates.map(String).join(''), key, keyPem };
};
