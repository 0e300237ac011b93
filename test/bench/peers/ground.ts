/** What all peers stand on: where they listen, the certificate files that all of them show, and how they log in. */

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveToServer } from '../../reliability/cluster.ts';
import { type Installation, libpq, superuserUrl } from '../../reliability/installation.ts';
import { runAsSuperuser } from '../../support/postgres.ts';
import type { LibpqEnvironment } from '../../support/psql.ts';

/** With the ports of the documentation. */
export const addresses = {
  postgres: '127.0.0.31',
  pgbouncer: '127.0.0.32',
  'pgbouncer-secret': '127.0.0.33',
  stunnel: '127.0.0.34',
  postern: '127.0.0.35',
  'postern-2-workers': '127.0.0.36',
  policy: '127.0.0.37',
  memory: '127.0.0.38',
  stub: '127.0.0.39',
} as const;

/** Of the role `bench` on the server: what clients of everybody but Postern log in with. */
const rolePassword = 'of-the-role-bench';

/** May do what Postern's master key may, and has the name that the client certificate names. */
export const createRole = async ({ backend, bench }: Installation): Promise<void> => {
  await runAsSuperuser(
    superuserUrl(backend, bench.database),
    `CREATE ROLE ${bench.name} LOGIN PASSWORD '${rolePassword}' IN ROLE bench_owner`,
    `ALTER ROLE ${bench.name} SET role = bench_owner`,
  );
};

/** The server's verifier of that password, and the password. */
export const secretsOfRole = async ({ backend, bench }: Installation) => {
  const [row] = await runAsSuperuser(
    backend.url,
    `SELECT rolpassword FROM pg_authid WHERE rolname = '${bench.name}'`,
  );
  return { password: rolePassword, verifier: String(row?.['rolpassword']) };
};

export const environmentOf = ({ bench }: Installation, address: string, port: number): LibpqEnvironment => ({
  ...libpq(bench, address, rolePassword),
  PGPORT: String(port),
});

/** A directory that the server's user can read, with copies of what Postern shows and trusts. @returns its path */
export const openDirectory = async (
  { directory }: Installation,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> => {
  const own = join(directory, name);
  await mkdir(own, { mode: 0o700 });
  await giveToServer(own);
  for (const file of ['server.crt', 'server.key', 'client_ca.pem']) {
    await copyFile(join(directory, 'tls', file), join(own, file));
    await giveToServer(join(own, file));
  }
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(own, file), text, { mode: 0o600 });
    await giveToServer(join(own, file));
  }
  return own;
};
