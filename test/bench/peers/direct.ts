/** PostgreSQL itself speaks TLS and demands the client certificate: the least that can be, without a proxy. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Installation } from '../../reliability/installation.ts';
import { runAsSuperuser } from '../../support/postgres.ts';
import { addresses, environmentOf, openDirectory } from './ground.ts';
import type { Peer } from './peer.ts';

export const startDirect = async (installation: Installation): Promise<Peer> => {
  const { backend, bench } = installation;
  const hba = join(backend.directory, 'data/pg_hba.conf');
  await writeFile(
    hba,
    `hostssl all ${bench.name} all scram-sha-256 clientcert=verify-full\n${await readFile(hba, 'utf8')}`,
  );
  const tls = await openDirectory(installation, 'direct', {});
  await runAsSuperuser(
    backend.url,
    `ALTER SYSTEM SET ssl_cert_file = '${tls}/server.crt'`,
    `ALTER SYSTEM SET ssl_key_file = '${tls}/server.key'`,
    `ALTER SYSTEM SET ssl_ca_file = '${tls}/client_ca.pem'`,
    "ALTER SYSTEM SET ssl = 'on'",
    'SELECT pg_reload_conf()',
  );
  return {
    id: 'direct',
    name: 'direct TLS',
    environment: environmentOf(installation, addresses.postgres, 5432),
    pid: null,
  };
};
