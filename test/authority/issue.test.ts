import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { issueClientCertificate, signClientRequest } from '../../src/authority/issue.ts';
import { RequestError } from '../../src/errors.ts';
import { ec, greedyRequest, operatorAuthority, rsa } from './fixtures.ts';

const dayMs = 86_400_000;
const authority = await createAuthority({ commonName: 'Test CA', validDays: 400 });
const ca = new X509Certificate(authority.certificatePem);
const limits = { authority, accountName: 'demo', days: 365, maximumDays: 365 };
const before = Date.now();
const issued = await issueClientCertificate(limits);
const certificate = new X509Certificate(issued.certificate.certificatePem);

describe('a client certificate', () => {
  test('is for TLS clients alone, names the account and is signed by the authority', () => {
    expect(certificate.subject).toBe('CN=demo');
    expect(certificate.issuer).toBe(ca.subject);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  test('is described by the serial, fingerprint and dates that it carries', () => {
    const { serial, fingerprint, notBefore, notAfter, commonName } = issued.certificate;
    expect(serial).toBe(certificate.serialNumber.toLowerCase());
    expect(fingerprint).toBe(certificate.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(notBefore).toBe(certificate.validFromDate.getTime());
    expect(notAfter).toBe(certificate.validToDate.getTime());
    expect(commonName).toBe('demo');
  });

  test('is valid since a few minutes ago, for clocks that are slow, and until the asked day', () => {
    const { notBefore, notAfter } = issued.certificate;
    expect(before - notBefore).toBeGreaterThan(4 * 60_000);
    expect(before - notBefore).toBeLessThan(6 * 60_000);
    expect(Math.abs(notAfter - before - 365 * dayMs)).toBeLessThan(60_000);
  });

  test('comes with its key in both forms', () => {
    const { pkcs1Pem, pkcs8Der } = issued.privateKey;
    expect(pkcs1Pem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    const pem = createPrivateKey(pkcs1Pem);
    const der = createPrivateKey({ key: pkcs8Der, format: 'der', type: 'pkcs8' });
    expect(certificate.checkPrivateKey(pem)).toBe(true);
    expect(pem.equals(der)).toBe(true);
  });

  test('never outlives the authority', async () => {
    const short = await createAuthority({ commonName: 'Short', validDays: 10 });
    const { certificatePem } = short;
    const { notAfter, notBefore } = (await issueClientCertificate({ ...limits, authority: short }))
      .certificate;
    const shortCa = new X509Certificate(certificatePem);
    expect(notAfter).toBe(shortCa.validToDate.getTime());
    expect(notBefore).toBeGreaterThanOrEqual(shortCa.validFromDate.getTime());
  });

  test('is not issued by an authority that has expired', async () => {
    const now = ca.validToDate.getTime() + 1;
    await expect(issueClientCertificate({ ...limits, now })).rejects.toThrow(/cannot sign today/);
  });

  test.each([0, -1, 366, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'is not issued for %d of at most 365 days',
    async (days) => {
      await expect(issueClientCertificate({ ...limits, days })).rejects.toThrow(
        new RequestError(
          `A certificate can be valid for 1 to 365 whole days, not for ${days}: choose a number in that range.`,
        ),
      );
    },
  );
});

describe('a certificate for a signing request', () => {
  test.each([
    ['RSA 3072', rsa(3072), 'rsa'],
    ['EC P-256', ec('P-256'), 'ec'],
    ['EC P-384', ec('P-384'), 'ec'],
    ['EC P-521', ec('P-521'), 'ec'],
  ])('takes the key (%s) and nothing else from it, PEM or DER', async (_name, algorithm, type) => {
    const { pem, der } = await greedyRequest(algorithm);
    for (const csr of [
      pem,
      Buffer.from(pem),
      pem.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'),
      der,
    ]) {
      const { certificatePem, commonName } = await signClientRequest({ ...limits, csr });
      const signed = new X509Certificate(certificatePem);
      expect(commonName).toBe('demo');
      expect(signed.subject).toBe('CN=demo');
      expect(signed.subjectAltName).toBeUndefined();
      expect(signed.ca).toBe(false);
      expect(signed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
      expect(signed.verify(ca.publicKey)).toBe(true);
      expect(signed.publicKey.asymmetricKeyType).toBe(type);
    }
  });

  test('never has the serial of another one, and all serials have 16 bytes', async () => {
    const { pem } = await greedyRequest(ec('P-256'));
    const signed = await Promise.all(
      Array.from({ length: 50 }, () => signClientRequest({ ...limits, csr: pem })),
    );
    const serials = signed.map(({ serial }) => serial);
    expect(new Set(serials).size).toBe(50);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
  });

  test('is refused for a key that is too weak or of another kind', async () => {
    const sign = async (algorithm: Parameters<typeof greedyRequest>[0]) =>
      signClientRequest({ ...limits, csr: (await greedyRequest(algorithm)).der });
    await expect(sign(rsa(1024))).rejects.toThrow('has 1024 bits: use 2048 to 8192 bits');
    await expect(sign({ name: 'Ed25519' })).rejects.toThrow('is of type ed25519: use RSA');
  });

  test('is refused when the signature is not by the key', async () => {
    const { der } = await greedyRequest(ec('P-256'));
    const { der: other } = await greedyRequest(ec('P-256'));
    // Whatever the signature's length, another key's signature stands in its place.
    const key = createPublicKey({ key: spkiOf(der), format: 'der', type: 'spki' });
    const otherKey = createPublicKey({ key: spkiOf(other), format: 'der', type: 'spki' });
    expect(key.equals(otherKey)).toBe(false);
    const forged = Buffer.from(der);
    spkiOf(other).copy(forged, der.indexOf(spkiOf(der)));
    await expect(signClientRequest({ ...limits, csr: forged })).rejects.toThrow(
      /signature .* does not belong/,
    );
  });

  const pemOf = (content: string) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${content}\n-----END CERTIFICATE REQUEST-----\n`;

  test.each([
    ['nothing', '', 'found 0'],
    ['a text', 'hello', 'found 0'],
    ['an empty block', pemOf(''), 'cannot be read'],
    ['a block of rubbish', pemOf('AAAA'), 'cannot be read'],
    ['two requests', pemOf('AAAA').repeat(2), 'found 2'],
    ['binary rubbish', Buffer.from([0x30, 0x03, 1, 2, 3]), 'cannot be read'],
    ['a certificate', authority.certificatePem, 'found 0'],
    ['too much', 'x'.repeat(70_000), 'larger than 64 kB'],
    ['a private key', authority.privateKeyPem, 'contains a private key, which was not kept'],
  ])('is refused for %s', async (_what, csr, message) => {
    const refused = signClientRequest({ ...limits, csr });
    await expect(refused).rejects.toThrow(RequestError);
    await expect(refused).rejects.toThrow(message);
  });

  test('is refused when a request is cut off anywhere', async () => {
    const { der } = await greedyRequest(ec('P-256'));
    for (let end = 0; end < der.length; end += 7) {
      await expect(signClientRequest({ ...limits, csr: der.subarray(0, end) })).rejects.toThrow(RequestError);
    }
  });
});

describe("an operator's authority", () => {
  test.each([
    ['RSA 2048', rsa(2048)],
    ['EC P-384', { ...ec('P-384'), hash: 'SHA-384' }],
    ['EC P-521', { ...ec('P-521'), hash: 'SHA-512' }],
  ])('signs with %s, and its name and key identifier are copied as they are', async (_name, algorithm) => {
    const own = await operatorAuthority(algorithm);
    const { pem } = await greedyRequest(ec('P-256'));
    const { certificatePem } = await signClientRequest({ ...limits, authority: own, csr: pem });
    const signed = new X509Certificate(certificatePem);
    const ownCa = new X509Certificate(own.certificatePem);
    expect(signed.issuer).toBe(ownCa.subject);
    expect(signed.verify(ownCa.publicKey)).toBe(true);
    // OpenSSL compares names and key identifiers.
    expect(signed.checkIssued(ownCa)).toBe(true);
    expect(signed.raw.includes(Buffer.from('0102030405060708', 'hex'))).toBe(true);
  });
});

/** The SubjectPublicKeyInfo of a P-256 key, which has the same 91 bytes of frame in every request. */
function spkiOf(der: Buffer): Buffer {
  const start = der.indexOf(Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107', 'hex'));
  return der.subarray(start, start + 91);
}
