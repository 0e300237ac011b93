/**
 * What a gate has from its section of the configuration and from the files named there, as its connections use it: its
 * certificate, the CAs that it trusts, how its backends are reached. A reload makes another one; nothing in it changes but
 * what logins learn about the hosts of backends.
 */

import { loadServerCertificate } from '../authority/server-certificate.ts';
import type { BackendConfig } from '../config/backend.ts';
import type { Config, GateConfig } from '../config/config.ts';
import { type HostChange, Hosts } from '../gate/backend/hosts.ts';
import type { Backend } from '../gate/backend/reach.ts';
import { TlsTerminator } from '../gate/encrypt/tls-terminator.ts';
import type { ClientAuthentication } from '../policy/account.ts';
import { type AddressSet, compileAddresses } from '../policy/addresses.ts';
import type { Log } from '../telemetry/log.ts';
import { serverEndPoint } from '../wire/server-end-point.ts';
import { loadBackendHosts } from './backend-hosts.ts';
import { tellOfFewFiles } from './open-files.ts';
import { readTrustedCertificates } from './read-setting.ts';

export interface GateMaterial {
  readonly tls: TlsTerminator;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly trustedProxies: AddressSet;
  readonly loginTimeoutMs: number;
  readonly clientAuthentication: ClientAuthentication;
}

const shownAs = {
  open: { level: 'warn', state: 'passed over' },
  probing: { level: 'debug', state: 'probed' },
  closed: { level: 'info', state: 'serving' },
} as const;

const logChange =
  (log: Log, backend: string) =>
  ({ host, to, error }: HostChange): void => {
    const { level, state } = shownAs[to.kind];
    const forMs = to.kind === 'open' ? to.waitMs : undefined;
    log[level]({ backend, host, state, forMs, error }, 'backend host');
  };

const loadBackend = async (config: BackendConfig, log: Log): Promise<Backend> => ({
  name: config.name,
  hosts: new Hosts(
    await loadBackendHosts(config),
    // A clock that is set back must not have a host passed over for hours.
    () => performance.now(),
    logChange(log, config.name),
  ),
  targetSessionAttrs: config.targetSessionAttrs,
  connectTimeoutMs: config.connectTimeoutMs,
});

/** @throws RequestError one sentence for a file that cannot be used */
export const loadMaterial = async (config: Config, gate: GateConfig, log: Log): Promise<GateMaterial> => {
  tellOfFewFiles(config.limits, gate.workers, log);
  const server = await loadServerCertificate({
    certificateFile: gate.certificateFile,
    keyFile: gate.keyFile,
  });
  const clientCa = await readTrustedCertificates(gate.clientCaFile, 'gate.client_ca_file');
  const backends = await Promise.all([...config.backends.values()].map((each) => loadBackend(each, log)));
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
