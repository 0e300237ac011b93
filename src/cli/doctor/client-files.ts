/** The client's certificate and key: found, readable, kept to oneself, belonging together, valid, and the user's. */

import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadCertificates } from '../../authority/key-pair.ts';
import { messageOf, RequestError } from '../../errors.ts';
import { type Finding, failed, Stuck, warning } from './finding.ts';
import { modeText } from './settings.ts';
import type { ClientTarget } from './target.ts';
import { judgeValidity } from './validity.ts';

const check = 'client certificate';

export interface ClientIdentity {
  readonly certificatePem: string;
  readonly key: KeyObject;
}

export interface ClientFiles {
  readonly finding: Finding;
  /** null: none, or it cannot be used. */
  readonly identity: ClientIdentity | null;
}

/** Where libpq looks when it is not told. */
export const defaultFile = (name: string): string => join(homedir(), '.postgresql', name);

const relativeAdvice =
  'libpq looks for relative names in the directory in which the program starts: start it there or write whole paths.';

/** undefined: there is no such file. */
const lookAt = (file: string): Promise<Stats | undefined> => stat(file).catch(() => undefined);

/** As libpq judges it: a key that belongs to root may be readable for its group. */
const isExposed = ({ mode, uid }: Stats): boolean => (mode & (uid === 0 ? 0o037 : 0o077)) !== 0;

const loadKey = async (file: string, passphrase: string | undefined): Promise<KeyObject> => {
  const stats = await lookAt(file);
  if (stats === undefined) throw new Stuck(check, `The key file ${file} is not there.`, relativeAdvice);
  if (isExposed(stats)) {
    const seen = `The key file ${file} has mode ${modeText(stats.mode)}, which libpq refuses.`;
    throw new Stuck(check, seen, `Run chmod 600 ${file}.`);
  }
  const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Stuck(check, `The key file ${file} cannot be read (${error.code}).`, 'Correct its rights.');
  });
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    const seen = `The key file ${file} holds no private key that can be opened.`;
    throw new Stuck(check, seen, 'Take client.key of the bundle; an encrypted key needs sslpassword.');
  }
};

const judge = (certificate: X509Certificate, { user }: ClientTarget, now: number): Finding => {
  const commonName = String(certificate.toLegacyObject().subject?.CN ?? '');
  if (commonName !== user) {
    return failed(
      check,
      `It belongs to the account "${commonName}" and the user is "${user}".`,
      `Write user=${commonName}, or take a certificate of "${user}".`,
    );
  }
  const validity = judgeValidity(check, [certificate], 'Create a new certificate.', now);
  return {
    ...validity,
    seen: `Of "${user}", serial ${certificate.serialNumber.toLowerCase()}. ${validity.seen}`,
  };
};

const load = async (target: ClientTarget, now: number): Promise<ClientFiles> => {
  const file = target.certificateFile ?? defaultFile('postgresql.crt');
  if ((await lookAt(file)) === undefined) {
    if (target.certificateFile !== null) {
      throw new Stuck(check, `The file ${file} is not there.`, relativeAdvice);
    }
    const advice = 'Set sslcert and sslkey, unless the account does without certificates.';
    return { finding: warning(check, 'None is configured.', advice), identity: null };
  }
  const [certificate, ...others] = await loadCertificates(file).catch((error: unknown) => {
    throw new Stuck(check, messageOf(error), 'Take client.crt of the bundle.');
  });
  const keyFile = target.keyFile ?? defaultFile('postgresql.key');
  const key = await loadKey(keyFile, target.keyPassphrase);
  if (!certificate.checkPrivateKey(key)) {
    const seen = `The key in ${keyFile} does not belong to the certificate in ${file}.`;
    throw new Stuck(check, seen, 'Take both from the same bundle.');
  }
  const certificatePem = [certificate, ...others].map(String).join('');
  return { finding: judge(certificate, target, now), identity: { certificatePem, key } };
};

/** Never rejects for what is wrong with the files: that is the finding. */
export const loadClientFiles = async (target: ClientTarget, now: number): Promise<ClientFiles> => {
  try {
    return await load(target, now);
  } catch (error) {
    if (error instanceof Stuck) return { finding: error.finding, identity: null };
    throw error;
  }
};

/** What the server's certificate is judged by; undefined: what the system trusts; null: nothing is configured. */
export const loadRoots = async ({ rootFile, sslmode }: ClientTarget): Promise<string | undefined | null> => {
  if (rootFile === 'system') return undefined;
  const file = rootFile ?? defaultFile('root.crt');
  try {
    return (await loadCertificates(file)).map(String).join('');
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (rootFile === null && !sslmode.startsWith('verify')) return null;
    throw new Stuck('TLS', error.message, `sslrootcert is server_ca.pem of the bundle; ${relativeAdvice}`);
  }
};
