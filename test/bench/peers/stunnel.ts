/** stunnel unwraps TLS and passes everything on, the login included: a bare TLS proxy that knows PostgreSQL's first byte. */

import { join } from 'node:path';
import type { Installation } from '../../reliability/installation.ts';
import { addresses, environmentOf, openDirectory } from './ground.ts';
import type { Peer } from './peer.ts';
import { startProxy } from './proxy-process.ts';

const configuration = (directory: string): string => `
foreground = yes
pid =
debug = warning

[postgres]
protocol = pgsql
accept = ${addresses.stunnel}:6432
connect = ${addresses.postgres}:5432
cert = ${directory}/server.crt
key = ${directory}/server.key
CAfile = ${directory}/client_ca.pem
verifyChain = yes
`;

export const startStunnel = async (
  running: AsyncDisposableStack,
  installation: Installation,
): Promise<Peer> => {
  const directory = await openDirectory(installation, 'stunnel', {
    'stunnel.conf': configuration(join(installation.directory, 'stunnel')),
  });
  return {
    id: 'stunnel',
    name: 'stunnel',
    environment: environmentOf(installation, addresses.stunnel, 6432),
    pid: await startProxy(running, directory, addresses.stunnel, 'stunnel4', join(directory, 'stunnel.conf')),
  };
};
