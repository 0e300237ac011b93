/** Everything that can be known about a configuration without a network: its files, and what they say. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { loadAuthority } from '../authority/files.ts';
import { loadServerCertificate } from '../authority/server-certificate.ts';
import { dateText } from '../authority/validity.ts';
import type { Config, GateConfig } from '../config/config.ts';
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

/** Clients that verify the server in full compare this name, which is in every bundle. */
const checkServerCertificate = async (gate: GateConfig, publicHost: string): Promise<void> => {
  const { leafDer, names, notAfter } = await loadServerCertificate(gate);
  if (notAfter <= Date.now()) {
    throw new RequestError(`The certificate in ${gate.certificateFile} expired on ${dateText(notAfter)}.`);
  }
  const leaf = new X509Certificate(leafDer);
  const found = isIP(publicHost) ? leaf.checkIP(publicHost) : leaf.checkHost(publicHost);
  if (found === undefined) {
    throw new RequestError(
      `The certificate in ${gate.certificateFile} is for ${names.join(', ') || 'no name'} and not for public.host "${publicHost}".`,
    );
  }
};

type Check = readonly [setting: string, run: () => Promise<unknown>];

const checksOf = ({ store, gate, authority, backends, public: { host } }: Config): Check[] => {
  const certificateFile = (setting: string, file: string): Check => [
    setting,
    () => checkCertificateFile(file),
  ];
  const checks: Check[] = [['store.url', () => checkDatabaseUrl(store.url)]];
  if (store.ownerUrl !== store.url) checks.push(['store.owner_url', () => checkDatabaseUrl(store.ownerUrl)]);
  for (const { name, caFile } of backends.values()) {
    if (caFile !== null) checks.push(certificateFile(`backends.${name}.ca_file`, caFile));
  }
  if (gate !== null) {
    checks.push(['gate.certificate_file', () => checkServerCertificate(gate, host)]);
    checks.push(certificateFile('gate.client_ca_file', gate.clientCaFile));
  }
  if (authority !== null) {
    checks.push(['authority.certificate_file', () => loadAuthority(authority)]);
    checks.push(certificateFile('authority.server_ca_file', authority.serverCaFile));
  }
  return checks;
};

const problemOf = async ([setting, run]: Check): Promise<string[]> => {
  try {
    await run();
    return [];
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return [`${setting}: ${error.message}`];
  }
};

/** What is wrong with the files and URLs of a configuration, one sentence each, with the setting in front. */
export const findProblems = async (config: Config): Promise<readonly string[]> =>
  (await Promise.all(checksOf(config).map(problemOf))).flat();
