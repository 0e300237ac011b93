/**
 * What a gate has from its section of the configuration and from the files named there, as its connections use it: its
 * certificate, the CAs that it trusts, how its backends are reached. A reload makes another one; nothing in it changes.
 */

import { loadServerCertificate } from '../authority/server-certificate.ts';
import type { BackendConfig, Config, GateConfig } from '../config/config.ts';
import type { Backend } from '../gate/backend/dial.ts';
import { TlsTerminator } from '../gate/encrypt/tls-terminator.ts';
import type { ClientAuthentication } from '../policy/account.ts';
import { type AddressSet, compileAddresses } from '../policy/addresses.ts';
import { serverEndPoint } from '../wire/server-end-point.ts';
import { readTrustedCertificates } from './read-setting.ts';

export interface GateMaterial {
  readonly tls: TlsTerminator;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly trustedProxies: AddressSet;
  readonly loginTimeoutMs: number;
  readonly clientAuthentication: ClientAuthentication;
}

/** @throws RequestError when its CA file cannot be read */
export const loadBackend = async (config: BackendConfig): Promise<Backend> => ({
  name: config.name,
  host: config.host,
  port: config.port,
  tls: config.tls,
  ca:
    config.caFile === null
      ? null
      : await readTrustedCertificates(config.caFile, `backends.${config.name}.ca_file`),
  connectTimeoutMs: config.connectTimeoutMs,
});

/** @throws RequestError one sentence for a file that cannot be used */
export const loadMaterial = async (config: Config, gate: GateConfig): Promise<GateMaterial> => {
  const server = await loadServerCertificate({
    certificateFile: gate.certificateFile,
    keyFile: gate.keyFile,
  });
  const clientCa = await readTrustedCertificates(gate.clientCaFile, 'gate.client_ca_file');
  const backends = await Promise.all([...config.backends.values()].map(loadBackend));
  return {
    tls: new TlsTerminator({
      certificate: server.certificatePem,
      key: server.keyPem,
      clientCa,
      serverEndPoint: serverEndPoint(server.leafDer),
    }),
    backends: new Map(backends.map((backend) => [backend.name, backend])),
    trustedProxies: compileAddresses(gate.trustedProxies.map((cidr) => ({ cidr, expiresAt: null }))),
    loginTimeoutMs: gate.loginTimeoutMs,
    clientAuthentication: gate.clientAuthentication,
  };
};
