/**
 * PgBouncer as its documentation has it for this: a pool per session, client certificates verified, SCRAM on both sides.
 * Twice, because it matters: with the password in its list of users (it makes a verifier of it for each login), and with
 * the server's own verifier (from which it can log in as well).
 */

import { join } from 'node:path';
import type { Installation } from '../../reliability/installation.ts';
import { addresses, environmentOf, openDirectory, secretsOfRole } from './ground.ts';
import type { Peer } from './peer.ts';
import { startProxy } from './proxy-process.ts';

const configuration = (directory: string, address: string, database: string): string => `
[databases]
${database} = host=${addresses.postgres} port=5432

[pgbouncer]
listen_addr = ${address}
listen_port = 6432
unix_socket_dir =
pool_mode = session
default_pool_size = 400
max_client_conn = 500
auth_type = scram-sha-256
auth_file = ${directory}/users.txt
client_tls_sslmode = verify-full
client_tls_cert_file = ${directory}/server.crt
client_tls_key_file = ${directory}/server.key
client_tls_ca_file = ${directory}/client_ca.pem
server_tls_sslmode = disable
`;

export const startPgbouncer = async (
  running: AsyncDisposableStack,
  installation: Installation,
  id: 'pgbouncer' | 'pgbouncer-secret',
): Promise<Peer> => {
  const { database, name } = installation.bench;
  const address = addresses[id];
  const { password, verifier } = await secretsOfRole(installation);
  const directory = await openDirectory(installation, id, {
    'users.txt': `"${name}" "${id === 'pgbouncer' ? password : verifier}"\n`,
    'pgbouncer.ini': configuration(join(installation.directory, id), address, database),
  });
  return {
    id,
    name: id === 'pgbouncer' ? 'PgBouncer' : 'PgBouncer with verifiers',
    environment: environmentOf(installation, address, 6432),
    pid: await startProxy(running, directory, address, 'pgbouncer', join(directory, 'pgbouncer.ini')),
  };
};
