/** The hosts of a backend with what is needed to connect to each: for the gate, for control and for the doctor alike. */

import { loadKeyPair } from '../authority/key-pair.ts';
import type { BackendConfig } from '../config/backend.ts';
import type { BackendHost } from '../gate/backend/dial.ts';
import { readTrustedCertificates } from './read-setting.ts';

const loadClientCertificate = async (
  files: BackendConfig['clientCertificate'],
): Promise<BackendHost['clientCertificate']> => {
  if (files === null) return null;
  const { chainPem, keyPem } = await loadKeyPair(files);
  return { certificatePem: chainPem, keyPem };
};

/** @throws RequestError one sentence for a file that cannot be used */
export const loadBackendHosts = async ({
  name,
  hosts,
  tls,
  caFile,
  clientCertificate: files,
}: BackendConfig): Promise<readonly BackendHost[]> => {
  const ca = caFile === null ? null : await readTrustedCertificates(caFile, `backends.${name}.ca_file`);
  const clientCertificate = await loadClientCertificate(files);
  return hosts.map((place) => ({ ...place, tls, ca, clientCertificate }));
};
