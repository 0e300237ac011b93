/**
 * The unzipped bundle of the demo's certificate in DIR/client. The certificate stays as long as it works; only what
 * the bundle says about the port follows the port.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleFile, buildBundleFiles } from '../../authority/bundle.ts';
import { identityOf } from '../../authority/issue.ts';
import { validityOf } from '../../authority/validity.ts';
import { createCertificate, listCertificates } from '../../control/certificates.ts';
import type { ControlContext } from '../../control/context.ts';
import type { StoredCertificate } from '../../store/certificates.ts';
import { accountName } from './account.ts';
import { publicHost } from './configuration.ts';
import { geographyDatabase } from './databases.ts';
import { exists, type Place, readIfThere, writeWhole } from './place.ts';

const firstName = 'first';
const dayMs = 86_400_000;

/** Names are used once: `first`, then `first-2`, `first-3` … */
const freeName = (certificates: readonly StoredCertificate[], number = 1): string => {
  const name = number === 1 ? firstName : `${firstName}-${number}`;
  return certificates.some((each) => each.name === name) ? freeName(certificates, number + 1) : name;
};

/** Replaces DIR/client by these files. */
const writeFiles = async ({ client }: Place, files: readonly BundleFile[]): Promise<void> => {
  const fresh = `${client}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  for (const { name, content, mode } of files) await writeWhole(join(fresh, name), content, mode);
  await rm(client, { recursive: true, force: true });
  await rename(fresh, client);
};

/** The same certificate and key in a bundle for another port. */
const rebuild = async (place: Place, certificateName: string, port: number): Promise<void> => {
  const read = (name: string): Promise<string> => readFile(join(place.client, name), 'utf8');
  const certificatePem = await read('client.crt');
  const certificate = new X509Certificate(certificatePem);
  const pkcs1Pem = await read('client.key');
  const files = buildBundleFiles({
    issued: {
      certificatePem,
      ...identityOf(certificate),
      ...validityOf(certificate),
      commonName: accountName,
    },
    privateKey: {
      pkcs1Pem,
      pkcs8Der: createPrivateKey(pkcs1Pem).export({ type: 'pkcs8', format: 'der' }),
    },
    serverCaPem: await readFile(join(place.authority, 'server_ca.pem'), 'utf8'),
    connection: { host: publicHost, port, database: geographyDatabase, user: accountName },
    certificateName,
  });
  await writeFiles(place, files);
};

/**
 * Sees to it that DIR/client holds a certificate that is valid for a day at least, and is made for this port.
 * @returns the certificate's name
 */
export const keepClientFiles = async (
  control: ControlContext,
  place: Place,
  port: number,
): Promise<string> => {
  const certificates = await listCertificates(control, accountName);
  const pem = await readIfThere(join(place.client, 'client.crt'));
  const complete = pem !== null && (await exists(join(place.client, 'client.key')));
  const fingerprint = complete ? identityOf(new X509Certificate(pem)).fingerprint : null;
  const kept = certificates.find(
    ({ fingerprintSha256, revokedAt, notAfter }) =>
      fingerprintSha256 === fingerprint && revokedAt === null && notAfter.getTime() > control.now() + dayMs,
  );
  if (kept === undefined) {
    const name = freeName(certificates);
    const { files } = await createCertificate(control, accountName, { name, days: null, csr: null });
    await writeFiles(place, files);
    return name;
  }
  const service = await readIfThere(join(place.client, 'pg_service.conf'));
  if (service?.includes(`\nport=${port}\n`) !== true) await rebuild(place, kept.name, port);
  return kept.name;
};
