/** `demo.env`, which a POSIX shell reads with a dot: where the demo is and what opens it. */

import { join } from 'node:path';
import { accountName, type DemoKeys } from './account.ts';
import { type DemoPorts, keepAdminToken, publicHost } from './configuration.ts';
import { geographyDatabase } from './databases.ts';
import { type Place, writeWhole } from './place.ts';

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const consoleUrl = (port: number): string => `http://${publicHost}:${port}/`;

/** Absolute paths: it works from any directory. Only its owner may read it, for it holds the keys. */
export const writeEnvironment = async (
  place: Place,
  ports: Pick<DemoPorts, 'gate' | 'console'>,
  keys: DemoKeys,
): Promise<void> => {
  const variables = {
    PGHOST: publicHost,
    PGPORT: String(ports.gate),
    PGUSER: accountName,
    PGDATABASE: geographyDatabase,
    PGPASSWORD: keys.reader,
    PGSSLMODE: 'verify-full',
    PGSSLCERT: join(place.client, 'client.crt'),
    PGSSLKEY: join(place.client, 'client.key'),
    PGSSLROOTCERT: join(place.client, 'server_ca.pem'),
    POSTERN_CONSOLE_URL: consoleUrl(ports.console),
    POSTERN_ADMIN_TOKEN: await keepAdminToken(place),
    POSTERN_MASTER_KEY: keys.master,
    POSTERN_READER_KEY: keys.reader,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  await writeWhole(place.environment, lines.join(''), 0o600);
};
