import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import forge from 'node-forge';
import { describe, expect, test } from 'vitest';
import { buildBundle } from '../../src/authority/bundle.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { issueClientCertificate, signClientRequest } from '../../src/authority/issue.ts';
import { pkcs12Password } from '../../src/authority/pkcs12.ts';
import { ec, greedyRequest } from './fixtures.ts';
import { unzip } from './unzip.ts';

const clientCa = await createAuthority({ commonName: 'Client CA', validDays: 30 });
const serverCa = await createAuthority({ commonName: 'Server CA', validDays: 30 });
const limits = { authority: clientCa, accountName: 'demo', days: 7, maximumDays: 365 };
const { certificate: issued, privateKey } = await issueClientCertificate(limits);
const certificate = new X509Certificate(issued.certificatePem);
const connection = { host: 'db.example.com', port: 6432, database: 'geodata', user: 'demo' };
const common = { issued, serverCaPem: serverCa.certificatePem, connection, certificateName: 'Laptop of Ann' };

const entries = unzip(await buildBundle({ ...common, privateKey }));
const contentOf = (name: string): Buffer => {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no ${name} in the bundle`);
  return entry.content;
};
const textOf = (name: string): string => contentOf(name).toString('utf8');

describe('a bundle with a key', () => {
  test('holds exactly the promised files, and the keys for their owner only', () => {
    expect(Object.fromEntries(entries.map(({ name, mode }) => [name, mode.toString(8)]))).toEqual({
      'readme.txt': '100644',
      'client.crt': '100644',
      'client.key': '100600',
      'client.key.pk8': '100600',
      'client.p12': '100600',
      'server_ca.pem': '100644',
      'pg_service.conf': '100644',
    });
  });

  test('holds the certificate without a chain and what the server is checked against', () => {
    expect(textOf('client.crt')).toBe(issued.certificatePem);
    expect(textOf('client.crt').match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(textOf('server_ca.pem')).toBe(serverCa.certificatePem);
  });

  test('holds the same key three times, each in its own form', () => {
    expect(textOf('client.key')).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    const pem = createPrivateKey(textOf('client.key'));
    expect(certificate.checkPrivateKey(pem)).toBe(true);
    const der = createPrivateKey({ key: contentOf('client.key.pk8'), format: 'der', type: 'pkcs8' });
    expect(der.equals(pem)).toBe(true);
    expect(() =>
      createSecureContext({ pfx: contentOf('client.p12'), passphrase: pkcs12Password }),
    ).not.toThrow();
  });

  test('is the same again, byte by byte, except for the salts of client.p12', async () => {
    const again = unzip(await buildBundle({ ...common, privateKey }));
    for (const { name, content } of again)
      expect(content.equals(contentOf(name))).toBe(name !== 'client.p12');
  });
});

describe('client.p12', () => {
  const parse = (password: string) =>
    forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(contentOf('client.p12').toString('latin1')), password);

  test('has key and certificate under the alias that pgjdbc looks for', () => {
    const { certBag = '', pkcs8ShroudedKeyBag = '' } = forge.pki.oids;
    const store = parse(pkcs12Password);
    const [certBagOfUser] = store.getBagsByFriendlyName('user', certBag);
    const [keyBagOfUser] = store.getBagsByFriendlyName('user', pkcs8ShroudedKeyBag);
    expect(keyBagOfUser?.attributes.localKeyId).toEqual(certBagOfUser?.attributes.localKeyId);
    if (keyBagOfUser?.key === undefined) throw new Error('no key under the alias');
    const key = createPrivateKey(forge.pki.privateKeyToPem(keyBagOfUser.key));
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(store.safeContents.flatMap(({ safeBags }) => safeBags)).toHaveLength(2);
  });

  test('holds the very bytes of the certificate, whose fingerprint decides at the gate', () => {
    expect(contentOf('client.p12').includes(certificate.raw)).toBe(true);
  });

  test('does not open with another password', () => {
    expect(() => parse('wrong')).toThrow(/MAC/);
    expect(() => createSecureContext({ pfx: contentOf('client.p12'), passphrase: 'wrong' })).toThrow(/mac/);
  });
});

describe('pg_service.conf', () => {
  test('holds one service with the name of the account, and no carriage returns', () => {
    const text = textOf('pg_service.conf');
    expect(text).not.toContain('\r');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toEqual([
      '[demo]',
      'host=db.example.com',
      'port=6432',
      'dbname=geodata',
      'user=demo',
      'sslmode=verify-full',
      'sslcert=client.crt',
      'sslkey=client.key',
      'sslrootcert=server_ca.pem',
    ]);
  });
});

describe('readme.txt', () => {
  const readme = textOf('readme.txt');

  test('ends every line with CR LF and keeps prose within 78 columns', () => {
    expect(readme.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const pasted = /^(jdbc:|Driver=)/;
    const long = readme.split('\r\n').filter((line) => line.length > 78 && !pasted.test(line));
    expect(long).toEqual([]);
    expect(readme).not.toMatch(/undefined|null|NaN|\[object/);
  });

  test('explains every file of the bundle', () => {
    for (const { name } of entries)
      expect(readme).toMatch(new RegExp(`^  ${name.replaceAll('.', '\\.')} +\\S`, 'm'));
  });

  test.each([
    'Laptop of Ann',
    issued.serial,
    'sslmode=verify-full sslcert=client.crt sslkey=client.key',
    'PGSERVICEFILE=pg_service.conf psql service=demo',
    'db.example.com:6432:geodata:demo:pst_...',
    'jdbc:postgresql://db.example.com:6432/geodata?user=demo&sslmode=verify-full' +
      '&sslcert=/path/to/client.crt&sslrootcert=/path/to/server_ca.pem&sslkey=/path/to/client.key.pk8',
    'sslkey=/path/to/client.p12&sslpassword=postern',
    'Pqopt={sslcert=C:/postern/client.crt sslkey=C:/postern/client.key sslrootcert=C:/postern/server_ca.pem}',
    'import server_ca.pem',
    'require, verify-ca and verify-full all work',
  ])('says %j', (text) => {
    expect(readme).toContain(text);
  });
});

describe('a bundle for a signing request', () => {
  test('holds no key, and its readme says where the key is', async () => {
    const signed = await signClientRequest({ ...limits, csr: (await greedyRequest(ec('P-256'))).pem });
    const files = unzip(await buildBundle({ ...common, issued: signed, privateKey: null }));
    expect(files.map(({ name }) => name)).toEqual([
      'readme.txt',
      'client.crt',
      'server_ca.pem',
      'pg_service.conf',
    ]);
    const readme = files[0]?.content.toString() ?? '';
    expect(readme).toContain('the key stayed with its owner');
    expect(readme).toContain('openssl pkcs8 -topk8 -nocrypt');
    expect(readme).not.toContain('client.p12');
    expect(readme.split('\r\n').filter((line) => line.length > 78 && !/^(jdbc:|Driver=)/.test(line))).toEqual(
      [],
    );
  });
});
