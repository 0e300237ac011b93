import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { buildElement, buildObjectIdentifier, readElements, toPem } from '../../src/web/pki/der.ts';
import { createOwnKey } from '../../src/web/pki/own-key.ts';

describe('a key made in the browser', () => {
  it('comes with a request that is signed by it and names the account', async () => {
    const { signingRequest, pkcs1Pem, pkcs8Der } = await createOwnKey('zürich_gis');
    const request = new Pkcs10CertificateRequest(signingRequest);
    expect(await request.verify()).toBe(true);
    expect(request.subjectName.getField('CN')).toEqual(['zürich_gis']);

    const pkcs1 = createPrivateKey(pkcs1Pem);
    const pkcs8 = createPrivateKey({ key: Buffer.from(pkcs8Der), format: 'der', type: 'pkcs8' });
    expect(pkcs1Pem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(pkcs1.equals(pkcs8)).toBe(true);
    expect(pkcs1.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
    const requested = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: 'der',
      type: 'spki',
    });
    expect(requested.equals(createPublicKey(pkcs1))).toBe(true);
  });
});

describe('DER', () => {
  it.each([
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('writes a content of %d bytes after %s, and reads it back', (length, head) => {
    const content = new Uint8Array(length).fill(7);
    const element = buildElement(0x04, content);
    expect(Buffer.from(element).toString('hex').startsWith(head)).toBe(true);
    expect(readElements(element)).toEqual([{ tag: 0x04, content }]);
  });

  it.each(['30', '3005', '30820100', '300401'])('refuses what ends too early: %s', (hex) => {
    expect(() => readElements(Buffer.from(hex, 'hex'))).toThrow(RangeError);
  });

  it('writes object identifiers', () => {
    expect(Buffer.from(buildObjectIdentifier('1.2.840.113549.1.1.11')).toString('hex')).toBe(
      '06092a864886f70d01010b',
    );
  });

  it('breaks PEM into lines of 64', () => {
    const lines = toPem('X', new Uint8Array(100)).split('\n');
    expect(lines.map(({ length }) => length)).toEqual([17, 64, 64, 8, 15, 0]);
  });
});
