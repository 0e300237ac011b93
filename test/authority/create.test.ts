import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { parseServerNames } from '../../src/authority/names.ts';
import { RequestError } from '../../src/errors.ts';

const authority = await createAuthority({ commonName: 'Test CA', validDays: 30 });
const ca = new X509Certificate(authority.certificatePem);

describe('an authority', () => {
  test('is a self-signed CA on P-256 whose key fits', () => {
    expect(ca.ca).toBe(true);
    expect(ca.subject).toBe('CN=Test CA');
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(ca.checkIssued(ca)).toBe(true);
    expect(ca.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(ca.checkPrivateKey(createPrivateKey(authority.privateKeyPem))).toBe(true);
  });

  test('has its dates in whole seconds also beyond 2049, where X.509 changes their notation', async () => {
    const now = Date.parse('2026-05-01T12:00:00.789Z');
    const { certificatePem } = await createAuthority({ commonName: 'Far', validDays: 36_500, now });
    const far = new X509Certificate(certificatePem);
    expect(far.validFromDate.toISOString()).toBe('2026-05-01T11:55:00.000Z');
    expect(far.validToDate.toISOString()).toBe('2126-04-07T12:00:00.000Z');
  });
});

describe('a server certificate', () => {
  test('holds host names, IPv4 and IPv6 addresses and is signed by the authority', async () => {
    const names = ['db.example.com', '127.0.0.1', '2001:db8::7', '*.gis.example.com'];
    const { certificatePem, privateKeyPem } = await createServerCertificate({
      authority,
      names,
      validDays: 7,
    });
    const server = new X509Certificate(certificatePem);
    expect(server.verify(ca.publicKey)).toBe(true);
    expect(server.checkIssued(ca)).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(server.checkPrivateKey(createPrivateKey(privateKeyPem))).toBe(true);
    expect(server.checkHost('db.example.com')).toBeDefined();
    expect(server.checkHost('tiles.gis.example.com')).toBeDefined();
    expect(server.checkIP('127.0.0.1')).toBeDefined();
    expect(server.checkIP('2001:db8::7')).toBeDefined();
    expect(server.checkHost('db.example.org')).toBeUndefined();
    expect(server.checkIP('127.0.0.2')).toBeUndefined();
  });

  test('does not outlive its authority', async () => {
    const { certificatePem } = await createServerCertificate({ authority, names: ['db'], validDays: 825 });
    expect(new X509Certificate(certificatePem).validTo).toBe(ca.validTo);
  });

  test('is not made by an authority that has expired', async () => {
    const now = ca.validToDate.getTime();
    await expect(createServerCertificate({ authority, names: ['db'], validDays: 7, now })).rejects.toThrow(
      /certificate authority is valid from .* and cannot sign today/,
    );
  });
});

describe('server names', () => {
  test.each([
    ['DB.Example.com', 'dns', 'db.example.com'],
    [' localhost ', 'dns', 'localhost'],
    ['bücher.example', 'dns', 'xn--bcher-kva.example'],
    ['*.example.com', 'dns', '*.example.com'],
    ['203.0.113.9', 'ip', '203.0.113.9'],
    ['::1', 'ip', '::1'],
  ])('%j is read as %s %s', (text, type, value) => {
    expect(parseServerNames([text])).toEqual([{ type, value }]);
  });

  test.each([
    '',
    'https://db.example.com',
    'db.example.com:6432',
    '[::1]',
    '300.1.1.1',
    'fe80::1%eth0',
    'a..b',
    '-a.example',
    'two words',
    '*',
    'a.*.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}ab`,
  ])('%j is refused', (text) => {
    expect(() => parseServerNames([text])).toThrow(RequestError);
  });

  test('are used once each, and there has to be one', () => {
    expect(parseServerNames(['db', 'DB', 'db'])).toHaveLength(1);
    expect(() => parseServerNames([])).toThrow(/at least one host name or IP address/);
  });
});
