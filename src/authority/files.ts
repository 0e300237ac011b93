/**
 * The authority on disk: `postern ca create` writes it once, `postern serve` loads it. Never overwrites a private key: a
 * lost CA key cannot be made again. What comes after it is made by `rotation-steps.ts`.
 */

import 'reflect-metadata';
import type { X509Certificate } from 'node:crypto';
import { access, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyUsageFlags, KeyUsagesExtension, X509Certificate as ParsedCertificate } from '@peculiar/x509';
import { RequestError } from '../errors.ts';
import { authorityName, newAuthoritySuffix } from './authority-name.ts';
import { createAuthority, createServerCertificate } from './create.ts';
import { type KeyPairFiles, loadCertificates, loadKey } from './key-pair.ts';
import { type Authority, signingAlgorithmOf } from './sign.ts';
import { validityOf, within } from './validity.ts';

/** Ten years: replacing a CA means a new bundle for every client. */
export const authorityDays = 3650;

/** Apple's TLS clients refuse server certificates that are valid for longer: https://support.apple.com/HT210176 */
export const serverDays = 825;

export interface AuthorityFilesOptions {
  /** Made if missing. */
  readonly directory: string;
  /** Host names and IP addresses that clients connect to. */
  readonly names: readonly string[];
  readonly authorityDays?: number;
  readonly serverDays?: number;
}

interface NewFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Writes all or none: what was made before a failure is taken away again. Never touches an existing file. */
const writeAll = async (files: readonly NewFile[]): Promise<void> => {
  const made: string[] = [];
  try {
    for (const { path, content, mode } of files) {
      // wx: made by us or not at all, even if somebody else makes it at this moment.
      await using file = await open(path, 'wx', mode);
      made.push(path);
      await file.writeFile(content);
    }
  } catch (error) {
    await Promise.all(made.map((path) => unlink(path)));
    throw error;
  }
};

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';

/**
 * Writes client_ca.pem, server_ca.pem and server.crt (mode 0644) and client_ca.key, server_ca.key and server.key
 * (mode 0600) and returns their paths. Throws RequestError, with nothing written, if one of them exists, a name is
 * no host name or address, or the directory cannot be written to.
 */
export const createAuthorityFiles = async (options: AuthorityFilesOptions): Promise<readonly string[]> => {
  const pathOf = (name: string): string => join(options.directory, name);
  const suffix = newAuthoritySuffix();
  const validDays = options.authorityDays ?? authorityDays;
  const clientAuthority = await createAuthority({ commonName: authorityName('client', suffix), validDays });
  const serverAuthority = await createAuthority({ commonName: authorityName('server', suffix), validDays });
  const server = await createServerCertificate({
    authority: serverAuthority,
    names: options.names,
    validDays: options.serverDays ?? serverDays,
  });
  const files: readonly NewFile[] = [
    { path: pathOf('client_ca.pem'), content: clientAuthority.certificatePem, mode: 0o644 },
    { path: pathOf('client_ca.key'), content: clientAuthority.privateKeyPem, mode: 0o600 },
    { path: pathOf('server_ca.pem'), content: serverAuthority.certificatePem, mode: 0o644 },
    { path: pathOf('server_ca.key'), content: serverAuthority.privateKeyPem, mode: 0o600 },
    { path: pathOf('server.crt'), content: server.certificatePem, mode: 0o644 },
    { path: pathOf('server.key'), content: server.privateKeyPem, mode: 0o600 },
  ];
  for (const { path } of files) {
    if (await exists(path)) {
      throw new RequestError(
        `${path} exists and is never overwritten: choose another directory, or move the old files away.`,
      );
    }
  }
  try {
    await mkdir(options.directory, { recursive: true });
    await writeAll(files);
  } catch (error) {
    throw new RequestError(
      `The certificate authority cannot be written to ${options.directory} (${reasonOf(error)}): nothing was left there.`,
    );
  }
  return files.map(({ path }) => path);
};

/** May this certificate's key sign others? A CA without key usage may do everything (RFC 5280 §4.2.1.3). */
const maySign = (certificate: X509Certificate): boolean => {
  const usage = new ParsedCertificate(certificate.raw).getExtension(KeyUsagesExtension)?.usages;
  return certificate.ca && (usage === undefined || (usage & KeyUsageFlags.keyCertSign) !== 0);
};

/**
 * An authority that can sign, Postern's own or an operator's (RSA or EC): of the certificates in the file, the one that
 * the key belongs to, so that exchanging the key is all it takes to sign with the next one. Throws RequestError if the
 * files cannot be used, do not belong together, are no CA, are expired or not yet valid, or the key is one Postern
 * cannot sign with.
 */
export const loadAuthority = async (files: KeyPairFiles, now = Date.now()): Promise<Authority> => {
  const certificates = await loadCertificates(files.certificateFile);
  const key = await loadKey(files.keyFile);
  const certificate = certificates.find((each) => each.checkPrivateKey(key));
  if (certificate === undefined) {
    throw new RequestError(
      `The key in ${files.keyFile} does not belong to the certificate in ${files.certificateFile}.`,
    );
  }
  if (!maySign(certificate)) {
    throw new RequestError(
      `The certificate in ${files.certificateFile} is not a certificate authority (CA:TRUE, keyCertSign): ` +
        'create one with "postern ca create".',
    );
  }
  const validity = validityOf(certificate);
  within(validity, validity, now);
  if (signingAlgorithmOf(key) === null) {
    throw new RequestError(
      `The key in ${files.keyFile} cannot sign client certificates: it must be RSA of at least 2048 bits, ` +
        'or EC P-256, P-384 or P-521.',
    );
  }
  return {
    certificatePem: certificate.toString(),
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
