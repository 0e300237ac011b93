/**
 * Packs a certificate and its key into PKCS#12 (RFC 7292), the only form in which Java and Windows take both in
 * one file. Put together from node-forge's ASN.1 and ciphers instead of its `toPkcs12Asn1`: that one writes
 * certificates anew and thereby spoils ECDSA signatures (it adds a NULL parameter), and its MAC is SHA-1 only.
 *
 * The password is public and protects nothing; whoever reads the bundle holds the key anyway. There has to be one:
 * pgjdbc asks the console when `sslpassword` is missing and fails where there is none, and several programs treat
 * an empty password and no password as two different ones (RFC 7292 §B.1 leaves room for both).
 *
 * AES-256-CBC, PBKDF2 with HMAC-SHA-256 and a MAC by SHA-256 are what OpenSSL 3 and current JDKs write by default;
 * they are read since Java 8u301 and 11.0.12. Older Java takes `client.key.pk8`.
 */

import { createHmac, randomBytes } from 'node:crypto';
import forge from 'node-forge';

export const pkcs12Password = 'postern';

/** pgjdbc looks for this alias and no other (`PKCS12KeyManager`). */
const alias = 'user';

/** OpenSSL's default. More would slow down every connection of a JDBC client and protect nothing. */
const iterations = 2048;

const { asn1, pki } = forge;
type Asn1 = forge.asn1.Asn1;

const universal = (type: forge.asn1.Type, value: Asn1[] | string): Asn1 =>
  asn1.create(asn1.Class.UNIVERSAL, type, typeof value !== 'string', value);
const sequence = (...items: Asn1[]): Asn1 => universal(asn1.Type.SEQUENCE, items);
const set = (...items: Asn1[]): Asn1 => universal(asn1.Type.SET, items);
const explicit = (item: Asn1): Asn1 => asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [item]);
const octets = (bytes: string): Asn1 => universal(asn1.Type.OCTETSTRING, bytes);
const integer = (value: number): Asn1 => universal(asn1.Type.INTEGER, asn1.integerToDer(value).getBytes());
const identifier = (name: string): Asn1 =>
  universal(asn1.Type.OID, asn1.oidToDer(pki.oids[name] ?? '').getBytes());
const derOf = (item: Asn1): string => asn1.toDer(item).getBytes();

/** forge wants bytes as the characters of a string. */
const binary = (bytes: Buffer): string => bytes.toString('latin1');

const attribute = (name: string, value: Asn1): Asn1 => sequence(identifier(name), set(value));

/** ContentInfo of type data. */
const data = (content: Asn1): Asn1 => sequence(identifier('data'), explicit(octets(derOf(content))));

const encryptKey = (pkcs8Der: Buffer): Asn1 => {
  // The types of forge do not know `prfAlgorithm`, which without this is HMAC-SHA-1.
  const options = { algorithm: 'aes256', count: iterations, saltSize: 16, prfAlgorithm: 'sha256' } as const;
  return pki.encryptPrivateKeyInfo(asn1.fromDer(binary(pkcs8Der)), pkcs12Password, options);
};

/** MacData over the bytes of the authenticated safe (RFC 7292 §5.1). */
const macOver = (content: string): Asn1 => {
  const salt = binary(randomBytes(16));
  const key = forge.pkcs12.generateKey(
    pkcs12Password,
    forge.util.createBuffer(salt),
    // The types say Byte for the purpose "MAC" of RFC 7292 §B.3; forge calculates with a number.
    3 as unknown as forge.Byte & number,
    iterations,
    32,
    forge.md.sha256.create(),
  );
  const digest = createHmac('sha256', Buffer.from(key.getBytes(), 'latin1'))
    .update(Buffer.from(content, 'latin1'))
    .digest();
  const sha256 = sequence(identifier('sha256'), universal(asn1.Type.NULL, ''));
  return sequence(sequence(sha256, octets(binary(digest))), octets(salt), integer(iterations));
};

/** The DER of a PKCS#12 file with one certificate and its key under the alias `user` and `pkcs12Password`. */
export const buildPkcs12 = (certificateDer: Buffer, pkcs8Der: Buffer): Buffer => {
  const attributes = set(
    attribute('friendlyName', universal(asn1.Type.BMPSTRING, alias)),
    // Ties the two bags together; any value will do as long as it is the same in both.
    attribute('localKeyId', octets(binary(randomBytes(20)))),
  );
  const certificate = sequence(identifier('x509Certificate'), explicit(octets(binary(certificateDer))));
  const safe = sequence(
    data(sequence(sequence(identifier('certBag'), explicit(certificate), attributes))),
    data(sequence(sequence(identifier('pkcs8ShroudedKeyBag'), explicit(encryptKey(pkcs8Der)), attributes))),
  );
  return Buffer.from(derOf(sequence(integer(3), data(safe), macOver(derOf(safe)))), 'latin1');
};
