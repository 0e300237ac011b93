/**
 * Reads certificate signing requests (PKCS#10, RFC 2986) that strangers send: proves that the sender holds the
 * key, and that the key is one Postern accepts. Takes nothing else from the request: no name, no extension.
 */

import 'reflect-metadata';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { RequestError } from '../errors.ts';

/** The public half of a client's key. */
export interface ClientKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly kind: 'rsa' | 'ec';
}

/** A request for the largest accepted key is under 4 kB; this is room for attributes that we ignore. */
const maximumBytes = 64 * 1024;

/** Above this, each handshake costs the gate more than the key is worth. */
const maximumRsaBits = 8192;

const acceptedCurves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

const pemBlocks =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([^-]*)-----END (?:NEW )?CERTIFICATE REQUEST-----/g;

const derOf = (csr: string | Buffer): Buffer => {
  if (csr.length > maximumBytes) {
    throw new RequestError(
      `The signing request is larger than ${maximumBytes / 1024} kB: send one PKCS#10 request.`,
    );
  }
  // 0x30 is the DER tag of a SEQUENCE and also the digit 0, with which no PEM text begins.
  if (typeof csr !== 'string' && csr[0] === 0x30) return csr;
  const text = csr.toString();
  if (text.includes('PRIVATE KEY-----')) {
    throw new RequestError(
      'The signing request contains a private key, which was not kept: replace that key and send only the request.',
    );
  }
  const blocks = [...text.matchAll(pemBlocks)];
  if (blocks.length !== 1) {
    throw new RequestError(
      `Expected one PEM block "CERTIFICATE REQUEST" (or DER), found ${blocks.length}: ` +
        'make one with "openssl req -new -key client.key -subj /CN=client".',
    );
  }
  return Buffer.from(blocks[0]?.[1] ?? '', 'base64');
};

const kindOf = (key: KeyObject): ClientKey['kind'] => {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength >= 2048 && modulusLength <= maximumRsaBits) return 'rsa';
      throw new RequestError(
        `The RSA key of the signing request has ${modulusLength} bits: use 2048 to ${maximumRsaBits} bits.`,
      );
    case 'ec':
      if (acceptedCurves.has(namedCurve)) return 'ec';
      throw new RequestError(
        `The EC key of the signing request is on the curve ${namedCurve || '(unnamed)'}: use P-256, P-384 or P-521.`,
      );
    default:
      throw new RequestError(
        `The key of the signing request is of type ${key.asymmetricKeyType ?? 'unknown'}: use RSA, or EC on P-256, P-384 or P-521.`,
      );
  }
};

/** Throws RequestError: not a request, a key that is too weak or of another kind, or a signature that is not by it. */
export const parseClientRequest = async (csr: string | Buffer): Promise<ClientKey> => {
  const der = derOf(csr);
  let request: Pkcs10CertificateRequest;
  let key: KeyObject;
  try {
    request = new Pkcs10CertificateRequest(der);
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  } catch {
    throw new RequestError('The signing request cannot be read: send one PKCS#10 request, PEM or DER.');
  }
  const kind = kindOf(key);
  // An algorithm that cannot be checked proves as little as a signature that is wrong.
  if (!(await request.verify().catch(() => false))) {
    throw new RequestError(
      'The signature of the signing request does not belong to its key: make the request again with the private key.',
    );
  }
  return { publicKey: key.export({ type: 'spki', format: 'der' }), kind };
};
