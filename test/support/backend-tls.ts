/**
 * TLS on the test run's PostgreSQL, switched on while it runs and off again. Clients that do without notice nothing.
 * Only for the embedded one: a server that somebody lent us keeps its settings.
 */

import { readFileSync } from 'node:fs';
import { pollUntil } from './poll.ts';
import { postgresUrl, runAsSuperuser } from './postgres.ts';

const given = process.env['POSTERN_TEST_POSTGRES_URL'];
export const postgresIsLent = given !== undefined && given !== '';

export interface BackendCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const settingIs = (value: string) =>
  pollUntil(async () => {
    const [row] = await runAsSuperuser(postgresUrl(), 'SHOW ssl');
    return row?.['ssl'] === value;
  });

/** The server must own its key, so it writes the files itself; PEM lines need no escaping. */
const writeOnServer = async (name: string, pem: string): Promise<void> => {
  const lines = pem.trim().split('\n');
  const rows = lines.map((line) => `('${line}')`).join(', ');
  const [row] = await runAsSuperuser(postgresUrl(), 'SHOW data_directory');
  await runAsSuperuser(
    postgresUrl(),
    `COPY (VALUES ${rows}) TO PROGRAM 'umask 077; cat > "${row?.['data_directory']}/${name}"'`,
  );
};

/** Resolves when new connections can be encrypted; the returned function takes that back. */
export const switchOnTls = async (certificate: BackendCertificate): Promise<() => Promise<void>> => {
  await writeOnServer('server.crt', readFileSync(certificate.certificateFile, 'utf8'));
  await writeOnServer('server.key', readFileSync(certificate.keyFile, 'utf8'));
  await runAsSuperuser(postgresUrl(), 'ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()');
  await settingIs('on');
  return async () => {
    await runAsSuperuser(postgresUrl(), 'ALTER SYSTEM RESET ssl', 'SELECT pg_reload_conf()');
    await settingIs('off');
  };
};
