import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { createAuthorityFiles, loadAuthority } from '../../src/authority/files.ts';
import { loadServerCertificate } from '../../src/authority/server-certificate.ts';
import { RequestError } from '../../src/errors.ts';
import { ec, operatorAuthority, rsa, withDirectory, writePair } from './fixtures.ts';

const names = ['localhost', '127.0.0.1', '::1'];
const authority = await createAuthority({ commonName: 'Test CA', validDays: 30 });
const another = await createAuthority({ commonName: 'Test CA', validDays: 30 });
const server = await createServerCertificate({ authority, names, validDays: 7 });

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RequestError);
  return String(error);
};

describe('the files of an authority', () => {
  test('are six, with keys that only their owner reads, and can be loaded', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'new', 'ca');
      const paths = await createAuthorityFiles({ directory, names });
      expect(paths).toEqual(
        ['client_ca.pem', 'client_ca.key', 'server_ca.pem', 'server_ca.key', 'server.crt', 'server.key'].map(
          (name) => join(directory, name),
        ),
      );
      for (const path of paths) {
        expect([path, (await stat(path)).mode & 0o777 & ~0o044]).toEqual([path, 0o600]);
        if (path.endsWith('.key')) expect((await stat(path)).mode & 0o777).toBe(0o600);
      }
      const [certificateFile = '', keyFile = ''] = paths;
      await loadAuthority({ certificateFile, keyFile });
      const loaded = await loadServerCertificate({
        certificateFile: join(directory, 'server.crt'),
        keyFile: join(directory, 'server.key'),
      });
      expect(loaded.names).toEqual(names);
      const serverCa = new X509Certificate(await readFile(join(directory, 'server_ca.pem')));
      expect(new X509Certificate(loaded.leafDer).verify(serverCa.publicKey)).toBe(true);
      expect(serverCa.subject).not.toBe(new X509Certificate(await readFile(certificateFile)).subject);
    });
  });

  test.each(['client_ca.pem', 'server_ca.key', 'server.key'])(
    'are not written when %s exists already',
    async (existing) => {
      await withDirectory(async (directory) => {
        await writeFile(join(directory, existing), 'precious');
        expect(await refusal(createAuthorityFiles({ directory, names }))).toContain(
          `${existing} exists and is never overwritten`,
        );
        expect(await readdir(directory)).toEqual([existing]);
        expect(await readFile(join(directory, existing), 'utf8')).toBe('precious');
      });
    },
  );

  test('are taken away again when the last of them cannot be written', async () => {
    await withDirectory(async (directory) => {
      // A link to nowhere is not there for those who look and is there for those who create.
      await symlink(join(directory, 'nowhere'), join(directory, 'server.key'));
      expect(await refusal(createAuthorityFiles({ directory, names }))).toContain(
        '(EEXIST): nothing was left there',
      );
      expect(await readdir(directory)).toEqual(['server.key']);
    });
  });

  test('are not written for a name that is none, and no directory is made', async () => {
    await withDirectory(async (parent) => {
      await refusal(createAuthorityFiles({ directory: join(parent, 'ca'), names: ['not a name'] }));
      expect(await readdir(parent)).toEqual([]);
    });
  });

  test('are not written where a file is in the way of the directory', async () => {
    await withDirectory(async (parent) => {
      await writeFile(join(parent, 'ca'), '');
      expect(await refusal(createAuthorityFiles({ directory: join(parent, 'ca'), names }))).toMatch(
        /cannot be written to .*ca \(E(EXIST|NOTDIR)\)/,
      );
    });
  });
});

describe('loading an authority', () => {
  test.each([
    ['RSA 2048', rsa(2048)],
    ['EC P-384', ec('P-384')],
  ])('takes one that an operator brings: %s', async (_name, algorithm) => {
    await withDirectory(async (directory) => {
      const own = await operatorAuthority(algorithm);
      const loaded = await loadAuthority(await writePair(directory, own));
      expect(new X509Certificate(loaded.certificatePem).subject).toContain('O=Gemeinde Größwil');
    });
  });

  const leafUsage = [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ];

  test.each([
    ['a certificate that is no CA', async () => server, 'is not a certificate authority'],
    [
      'a CA that may not sign certificates',
      () => operatorAuthority(ec('P-256'), { extensions: leafUsage }),
      'is not a certificate authority',
    ],
    [
      'an expired CA',
      () => operatorAuthority(ec('P-256'), { notAfter: new Date('2021-01-01T00:00:00Z') }),
      'valid from 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC and cannot sign today',
    ],
    [
      'a CA of the future',
      () => operatorAuthority(ec('P-256'), { notBefore: new Date('2079-01-01T00:00:00Z') }),
      'cannot sign today',
    ],
    ['a weak RSA key', () => operatorAuthority(rsa(1024)), 'must be RSA of at least 2048 bits'],
    [
      "another authority's key",
      async () => ({ ...authority, privateKeyPem: another.privateKeyPem }),
      'does not belong to the certificate',
    ],
    [
      'a key file without key',
      async () => ({ ...authority, privateKeyPem: 'none' }),
      'holds no readable PEM private key',
    ],
    [
      'an encrypted key',
      async () => ({ ...authority, privateKeyPem: '-----BEGIN ENCRYPTED PRIVATE KEY-----\n' }),
      'is encrypted',
    ],
    [
      'a certificate file without certificate',
      async () => ({ ...authority, certificatePem: authority.privateKeyPem }),
      'holds no readable PEM certificate',
    ],
    [
      'a damaged certificate',
      async () => ({ ...authority, certificatePem: authority.certificatePem.replace(/\n.{20}/, '\nAAAA') }),
      'holds no readable PEM certificate',
    ],
  ])('refuses %s in one sentence, without its key', async (_what, pair, message) => {
    await withDirectory(async (directory) => {
      const { certificatePem, privateKeyPem } = await pair();
      const text = await refusal(
        loadAuthority(await writePair(directory, { certificatePem, privateKeyPem })),
      );
      expect(text).toContain(message);
      const secret = privateKeyPem.split('\n')[1];
      if (secret !== undefined && secret.length > 8) expect(text).not.toContain(secret);
    });
  });

  test('tells which file is missing or is no file', async () => {
    await withDirectory(async (directory) => {
      const files = await writePair(directory, authority);
      expect(await refusal(loadAuthority({ ...files, keyFile: join(directory, 'lost.key') }))).toMatch(
        /key file .*lost\.key cannot be read \(ENOENT\)/,
      );
      await mkdir(join(directory, 'folder'));
      expect(await refusal(loadAuthority({ ...files, certificateFile: join(directory, 'folder') }))).toMatch(
        /certificate file .*folder cannot be read \(EISDIR\)/,
      );
    });
  });

  test.skipIf(process.getuid?.() === 0)('tells that a file may not be read', async () => {
    await withDirectory(async (directory) => {
      const files = await writePair(directory, authority);
      await chmod(files.keyFile, 0);
      expect(await refusal(loadAuthority(files))).toContain('(EACCES)');
    });
  });
});

describe('loading a server certificate', () => {
  test('keeps the chain, leaf first, and finds names, end and the bytes of the leaf', async () => {
    await withDirectory(async (directory) => {
      const certificatePem = `# our certificate\n${server.certificatePem}# its CA\n${authority.certificatePem}`;
      const loaded = await loadServerCertificate(await writePair(directory, { ...server, certificatePem }));
      const leaf = new X509Certificate(server.certificatePem);
      expect(loaded.certificatePem).toBe(server.certificatePem + authority.certificatePem);
      expect(loaded.keyPem).toBe(server.privateKeyPem);
      expect(loaded.leafDer.equals(leaf.raw)).toBe(true);
      expect(loaded.names).toEqual(names);
      expect(loaded.notAfter).toBe(leaf.validToDate.getTime());
    });
  });

  test.each([
    ["another certificate's key", { ...server, privateKeyPem: another.privateKeyPem }, 'does not belong'],
    [
      'a chain in the wrong order',
      { ...server, certificatePem: authority.certificatePem + server.certificatePem },
      'belongs to a later certificate of',
    ],
  ])('refuses %s', async (_what, pair, message) => {
    await withDirectory(async (directory) => {
      expect(await refusal(loadServerCertificate(await writePair(directory, pair)))).toContain(message);
    });
  });
});
