/** Certificates as people get them: made and revoked through the console's API, the ZIP unpacked with its modes. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { unzip } from '../authority/unzip.ts';
import { pollUntil } from '../support/poll.ts';
import { consoleOf, host, installation, type Owner, successful } from './installation.ts';

export interface Bundle {
  /** Where the files of the ZIP lie. */
  readonly directory: string;
  /** Resolves when the console has answered; the gate ends sessions a moment later. */
  revoke(): Promise<void>;
}

/** Resolves when the gate knows of the certificate. */
const known = (account: Owner, directory: string): Promise<boolean> =>
  pollUntil(
    async () => {
      const read = (name: string) => readFile(join(directory, name), 'utf8');
      const client = new pg.Client({
        host,
        port: installation().port,
        user: account.name,
        database: account.name,
        password: account.masterKey,
        ssl: {
          ca: await read('server_ca.pem'),
          cert: await read('client.crt'),
          key: await read('client.key'),
        },
      });
      await client.connect();
      await client.end();
      return true;
    },
    { intervalMs: 25 },
  );

/**
 * @param name of the certificate, one per account
 * @param directory where it is unpacked, over what is there
 */
export const downloadBundle = async (
  account: Owner,
  name: string,
  directory = join(installation().directory, `${account.name} ${name}`),
): Promise<Bundle> => {
  const console = consoleOf(installation(), account);
  // The console issues so many in a minute and no more, and says when to come again.
  const answer = await pollUntil(
    async () => {
      const made = await console.post('/certificates', { name });
      return made.status !== 429 && made;
    },
    { timeoutMs: 61_000, intervalMs: 1_000 },
  );
  const { certificate, zip } = successful(answer);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const { name: file, mode, content } of unzip(Buffer.from(zip, 'base64'))) {
    await writeFile(join(directory, file), content, { mode: mode & 0o777 });
  }
  await known(account, directory);
  return {
    directory,
    revoke: async () => {
      successful(await console.post(`/certificates/${certificate.id}/revoke`, {}));
    },
  };
};
