/** When the certificates in use expire, for the metric; read when they are loaded, and again with each reload. */

import { X509Certificate } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { CertificateExpiries, CertificateUse } from '../telemetry/metrics.ts';
import { pemCertificate, readTrustedCertificates } from './read-setting.ts';
import type { Prepare } from './reload.ts';

type Entry = readonly [of: CertificateUse, unixSeconds: number];

interface File {
  readonly of: CertificateUse;
  readonly file: string | null | undefined;
  readonly setting: string;
}

const soonest = (pem: string): number =>
  Math.min(...(pem.match(pemCertificate) ?? []).map((text) => +new X509Certificate(text).validToDate)) / 1000;

const readEntries = async (files: readonly File[]): Promise<Entry[]> => {
  const entries = await Promise.all(
    files.map(
      async ({ of, file, setting }): Promise<Entry | null> =>
        file ? [of, soonest(await readTrustedCertificates(file, setting))] : null,
    ),
  );
  return entries.filter((entry) => entry !== null);
};

const reloadedFiles = ({ gate, console, backends }: Config): readonly File[] => [
  { of: 'server', file: gate?.certificateFile, setting: 'gate.certificate_file' },
  { of: 'client_ca', file: gate?.clientCaFile, setting: 'gate.client_ca_file' },
  { of: 'console', file: console?.tls?.certificateFile, setting: 'console.certificate_file' },
  ...[...backends.values()].flatMap(({ name, caFile, clientCertificate }): File[] => [
    { of: 'backend_ca', file: caFile, setting: `backends.${name}.ca_file` },
    {
      of: 'backend_client',
      file: clientCertificate?.certificateFile,
      setting: `backends.${name}.certificate_file`,
    },
  ]),
];

/** Where certificates are issued; a restart loads others. */
const lastingFiles = ({ console, authority }: Config): readonly File[] =>
  console && authority
    ? [
        { of: 'issuing_ca', file: authority.certificateFile, setting: 'authority.certificate_file' },
        { of: 'server_ca', file: authority.serverCaFile, setting: 'authority.server_ca_file' },
      ]
    : [];

/** @throws RequestError for a file that holds no readable certificate */
export const keepCertificateExpiries = async (
  config: Config,
  expiries: CertificateExpiries,
): Promise<Prepare> => {
  const lasting = await readEntries(lastingFiles(config));
  const prepare: Prepare = async (next) => {
    const entries = [...lasting, ...(await readEntries(reloadedFiles(next)))];
    return () => {
      expiries.clear();
      for (const [of, seconds] of entries) {
        expiries.set(of, Math.min(seconds, expiries.get(of) ?? Number.POSITIVE_INFINITY));
      }
    };
  };
  (await prepare(config))();
  return prepare;
};
