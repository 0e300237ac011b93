/** Everything that can be known about a configuration without a network: its files, and what they say. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { loadAuthority } from '../authority/files.ts';
import { type KeyPairFiles, loadKeyPair } from '../authority/key-pair.ts';
import { isCertificateFor, loadServerCertificate } from '../authority/server-certificate.ts';
import { dateText, validityOf } from '../authority/validity.ts';
import type { Config } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import { openDatabase } from '../postgres/database.ts';

const checkCertificateFile = async (file: string): Promise<void> => {
  let pem: Buffer;
  try {
    pem = await readFile(file);
  } catch (error) {
    throw new RequestError(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  try {
    new X509Certificate(pem);
  } catch {
    throw new RequestError(`The file ${file} holds no readable PEM certificate.`);
  }
};

const checkDatabaseUrl = async (url: string): Promise<void> => {
  // Opens no connection, only reads the URL.
  await openDatabase({ url, applicationName: 'postern' }).close();
};

const checkServerCertificate = async (files: KeyPairFiles, publicHost: string | null): Promise<void> => {
  const { leafDer, names, notAfter } = await loadServerCertificate(files);
  if (notAfter <= Date.now()) {
    throw new RequestError(`The certificate in ${files.certificateFile} expired on ${dateText(notAfter)}.`);
  }
  if (publicHost !== null && !isCertificateFor(new X509Certificate(leafDer), publicHost)) {
    throw new RequestError(
      `The certificate in ${files.certificateFile} is for ${names.join(', ') || 'no name'} and not for public.host "${publicHost}".`,
    );
  }
};

const checkClientCertificate = async (files: KeyPairFiles): Promise<void> => {
  const { notAfter } = validityOf((await loadKeyPair(files)).certificate);
  if (notAfter > Date.now()) return;
  throw new RequestError(`The certificate in ${files.certificateFile} expired on ${dateText(notAfter)}.`);
};

export interface SettingCheck {
  /** Dotted name. */
  readonly setting: string;
  /** The certificate or certificates that the setting names; null: it names none. */
  readonly certificateFile: string | null;
  /** Rejects with a RequestError. */
  readonly run: () => Promise<unknown>;
}

/** Every setting that can be wrong without its syntax being wrong. */
export const settingChecks = ({
  store,
  gate,
  console,
  authority,
  backends,
  public: { host },
}: Config): readonly SettingCheck[] => {
  const url = (setting: string, text: string): SettingCheck => ({
    setting,
    certificateFile: null,
    run: () => checkDatabaseUrl(text),
  });
  const certificate = (setting: string, certificateFile: string, run?: () => Promise<unknown>) => ({
    setting,
    certificateFile,
    run: run ?? (() => checkCertificateFile(certificateFile)),
  });
  const checks = [url('store.url', store.url)];
  if (store.ownerUrl !== store.url) checks.push(url('store.owner_url', store.ownerUrl));
  for (const { name, caFile, clientCertificate: files } of backends.values()) {
    if (caFile !== null) checks.push(certificate(`backends.${name}.ca_file`, caFile));
    if (files === null) continue;
    const run = () => checkClientCertificate(files);
    checks.push(certificate(`backends.${name}.certificate_file`, files.certificateFile, run));
  }
  if (gate !== null) {
    // Clients that verify the server in full compare the public name, which is in every bundle.
    const run = () => checkServerCertificate(gate, host);
    checks.push(certificate('gate.certificate_file', gate.certificateFile, run));
    checks.push(certificate('gate.client_ca_file', gate.clientCaFile));
  }
  if (console?.tls) {
    const { tls } = console;
    const run = () => checkServerCertificate(tls, null);
    checks.push(certificate('console.certificate_file', tls.certificateFile, run));
  }
  if (authority !== null) {
    const run = () => loadAuthority(authority);
    checks.push(certificate('authority.certificate_file', authority.certificateFile, run));
    checks.push(certificate('authority.server_ca_file', authority.serverCaFile));
  }
  return checks;
};

/** null: nothing is wrong. */
export const problemWith = async ({ run }: SettingCheck): Promise<string | null> => {
  try {
    await run();
    return null;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return error.message;
  }
};

/** What is wrong with the files and URLs of a configuration, one sentence each, with the setting in front. */
export const findProblems = async (config: Config): Promise<readonly string[]> => {
  const problems = settingChecks(config).map(async (check) => {
    const problem = await problemWith(check);
    return problem === null ? [] : [`${check.setting}: ${problem}`];
  });
  return (await Promise.all(problems)).flat();
};
