/**
 * The ZIP that an account's owner downloads with a new certificate. The names of its files are a contract with
 * scripts and instructions out there: never rename one. Works on values; the key passes through and is not kept.
 *
 * client.crt holds the leaf alone. The gate knows its client CA, so a chain would help nobody, and it can do harm:
 * pgjdbc offers a certificate only if the issuer of the *last* one in the file is in the server's list, which is
 * no longer so once an operator's intermediate CA stands there.
 */

import { X509Certificate } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { Connection } from './connection-strings.ts';
import type { ClientPrivateKey, IssuedCertificate } from './issue.ts';
import { buildPkcs12 } from './pkcs12.ts';
import { buildReadme } from './readme.ts';
import { buildServiceFile } from './service-file.ts';

export interface BundleOptions {
  readonly issued: IssuedCertificate;
  /** null: the certificate was made from a signing request and its key stayed with its owner. */
  readonly privateKey: ClientPrivateKey | null;
  /** What clients check the gate's certificate against; one or more certificates, PEM. */
  readonly serverCaPem: string;
  readonly connection: Connection;
  /** As `parseCertificateName` returned it; for the readme. */
  readonly certificateName: string;
}

export interface BundleFile {
  readonly name: string;
  /** Unix permissions: libpq and newer pgjdbc refuse keys that others may read. */
  readonly mode: 0o600 | 0o644;
  readonly content: Buffer;
}

/** File type "regular" of a Unix mode; without it some unpackers ignore the permissions. */
const regularFile = 0o100000;

const keyFiles = (issued: IssuedCertificate, key: ClientPrivateKey): readonly BundleFile[] => [
  { name: 'client.key', mode: 0o600, content: Buffer.from(key.pkcs1Pem) },
  { name: 'client.key.pk8', mode: 0o600, content: key.pkcs8Der },
  {
    name: 'client.p12',
    mode: 0o600,
    content: buildPkcs12(new X509Certificate(issued.certificatePem).raw, key.pkcs8Der),
  },
];

/** The files of the bundle, for the ZIP and for whoever writes them to a directory. */
export const buildBundleFiles = (options: BundleOptions): readonly BundleFile[] => {
  const { issued, privateKey, connection, certificateName } = options;
  const readme = buildReadme({
    issued,
    connection,
    certificateName,
    privateKey: privateKey === null ? 'kept' : 'included',
  });
  const text = (name: string, content: string): BundleFile => ({
    name,
    mode: 0o644,
    content: Buffer.from(content),
  });
  return [
    text('readme.txt', readme),
    text('client.crt', issued.certificatePem),
    ...(privateKey === null ? [] : keyFiles(issued, privateKey)),
    text('server_ca.pem', options.serverCaPem),
    text('pg_service.conf', buildServiceFile(connection)),
  ];
};

/**
 * The bundle as ZIP. Files are dated like the certificate, so that the same input differs in client.p12 only.
 * @param files for whoever has them already
 */
export const buildBundle = async (
  options: BundleOptions,
  files = buildBundleFiles(options),
): Promise<Buffer> => {
  const zip = new ZipFile();
  const mtime = new Date(options.issued.notBefore);
  for (const { name, mode, content } of files) {
    zip.addBuffer(content, name, { mode: regularFile | mode, mtime });
  }
  zip.end();
  return buffer(zip.outputStream);
};
