/**
 * A key pair made in this browser, and the request to have it signed (PKCS#10, RFC 2986). The private key stays in
 * the values that are returned here: the server gets the request alone.
 */

import { buildBitString, buildElement, buildObjectIdentifier, readElements, tags, toPem } from './der.ts';

export interface OwnKey {
  /** PEM, for the server. */
  readonly signingRequest: string;
  /** PKCS#1 PEM, as libpq and ODBC read it. */
  readonly pkcs1Pem: string;
  /** PKCS#8 DER, as JDBC reads it. */
  readonly pkcs8Der: Uint8Array;
}

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
} as const;

const commonName = '2.5.4.3';
const sha256WithRsa = '1.2.840.113549.1.1.11';

/** @param name the account's, which becomes the common name */
export async function createOwnKey(name: string): Promise<OwnKey> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
  const pkcs8Der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
  const information = buildRequestInformation(name, spki);
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, information));
  const request = buildElement(
    tags.sequence,
    information,
    buildElement(tags.sequence, buildObjectIdentifier(sha256WithRsa), buildElement(tags.null)),
    buildBitString(signature),
  );
  return {
    signingRequest: toPem('CERTIFICATE REQUEST', request),
    pkcs1Pem: toPem('RSA PRIVATE KEY', pkcs1Of(pkcs8Der)),
    pkcs8Der,
  };
}

/** Version 0, the name, the public key, no attributes (RFC 2986 §4.1). */
function buildRequestInformation(name: string, spki: Uint8Array): Uint8Array<ArrayBuffer> {
  const attribute = buildElement(
    tags.sequence,
    buildObjectIdentifier(commonName),
    buildElement(tags.utf8String, new TextEncoder().encode(name)),
  );
  return buildElement(
    tags.sequence,
    buildElement(tags.integer, Uint8Array.of(0)),
    buildElement(tags.sequence, buildElement(tags.set, attribute)),
    spki,
    buildElement(tags.attributes),
  );
}

/** PKCS#8 wraps PKCS#1 as its third element, an octet string (RFC 5208 §5). */
function pkcs1Of(pkcs8: Uint8Array): Uint8Array {
  const [info] = readElements(pkcs8);
  const [, , key] = readElements(info?.content ?? new Uint8Array());
  if (key === undefined) throw new RangeError('The browser returned a private key that is not PKCS#8.');
  return key.content;
}
