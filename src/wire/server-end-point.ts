/**
 * Channel-binding data of the type tls-server-end-point (RFC 5929 §4.1): the certificate, hashed with the
 * hash of its own signature, and with SHA-256 where that is MD5 or SHA-1. PostgreSQL and libpq do the same by
 * way of OpenSSL's X509_get_signature_info.
 *
 * Reads only the signatureAlgorithm of the DER, strictly; the rest of a certificate is TLS's business.
 */

import { hash } from 'node:crypto';

type Digest = 'sha256' | 'sha384' | 'sha512' | 'sha224';

const rsaPss = '2a864886f70d01010a';

/** Contents of signature-algorithm OIDs (RFC 8017, RFC 5758) in hex → digest to use. */
const digestOfSignature = new Map<string, Digest>([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

/** Hash algorithms as RSASSA-PSS-params names them (RFC 4055 §2.1). */
const digestOfHash = new Map<string, Digest>([
  ['2b0e03021a', 'sha256'], // sha1
  ['608648016503040204', 'sha224'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
]);

/**
 * null: the binding is not defined for this certificate, so that -PLUS must neither be offered nor chosen.
 * That is Ed25519, Ed448 and ML-DSA, whose signatures have no separate hash (PostgreSQL fails the login
 * there: "could not find digest for NID UNDEF"), algorithms unknown here, and what is not a certificate.
 */
export const serverEndPoint = (certificateDer: Buffer): Buffer | null => {
  const digest = digestFor(certificateDer);
  return digest === undefined ? null : hash(digest, certificateDer, 'buffer');
};

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, parameters }, signature } */
const digestFor = (certificateDer: Buffer): Digest | undefined => {
  const [certificate, ...behind] = readElements(certificateDer);
  const [, signatureAlgorithm] = readElements(certificate?.tag === 0x30 ? certificate.content : undefined);
  const [algorithm, parameters] = readElements(
    signatureAlgorithm?.tag === 0x30 ? signatureAlgorithm.content : undefined,
  );
  if (behind.length > 0 || algorithm?.tag !== 0x06) return undefined;
  const name = algorithm.content.toString('hex');
  return name === rsaPss ? digestOfPss(parameters) : digestOfSignature.get(name);
};

/** RSASSA-PSS-params ::= SEQUENCE { [0] HashAlgorithm DEFAULT sha1, … } */
const digestOfPss = (parameters: Element | undefined): Digest | undefined => {
  if (parameters?.tag !== 0x30) return undefined;
  const [first] = readElements(parameters.content);
  if (first?.tag !== 0xa0) return 'sha256';
  const [hashAlgorithm] = readElements(first.content);
  const [name] = readElements(hashAlgorithm?.content);
  return name?.tag === 0x06 ? digestOfHash.get(name.content.toString('hex')) : undefined;
};

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The DER elements that lie side by side in `bytes`; none at all when any of them is malformed. */
const readElements = (bytes: Buffer | undefined): Element[] => {
  const elements: Element[] = [];
  let offset = 0;
  while (bytes !== undefined && offset < bytes.length) {
    const header = readHeader(bytes, offset);
    if (header === undefined || header.end > bytes.length) return [];
    elements.push({ tag: bytes.readUInt8(offset), content: bytes.subarray(header.start, header.end) });
    offset = header.end;
  }
  return elements;
};

/** Definite lengths of up to three octets (16 MB), in their shortest form, as DER demands (X.690 §10.1). */
const readHeader = (bytes: Buffer, offset: number): { start: number; end: number } | undefined => {
  const first = bytes[offset + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first };
  const octets = first & 0x7f;
  const start = offset + 2 + octets;
  if (octets < 1 || octets > 3 || start > bytes.length) return undefined;
  const length = bytes.readUIntBE(offset + 2, octets);
  if (length < (octets === 1 ? 0x80 : 256 ** (octets - 1))) return undefined;
  return { start, end: start + length };
};
