/** What people do with a downloaded certificate: unpack it, and point their programs at its files. */

import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Download } from 'playwright-core';
import { unzip } from '../authority/unzip.ts';
import type { TestPostern } from '../support/postern.ts';
import { type PsqlResult, type RunningPsql, startPsql } from '../support/psql.ts';
import type { Account } from './accounts.ts';

export interface Unpacked {
  readonly directory: string;
  readonly names: readonly string[];
  read(name: string): string;
}

/** Below the Postern's directory, so that it goes with it; each file with the mode that the ZIP gives it. */
export const unpack = async (postern: TestPostern, download: Download): Promise<Unpacked> => {
  const entries = unzip(readFileSync(await download.path()));
  const directory = await mkdtemp(join(postern.directory, 'unpacked-'));
  await chmod(directory, 0o700);
  for (const { name, mode, content } of entries) {
    await writeFile(join(directory, name), content, { mode: mode & 0o777 });
  }
  return {
    directory,
    names: entries.map(({ name }) => name).sort(),
    read: (name) => readFileSync(join(directory, name), 'utf8'),
  };
};

/** By the service file of the bundle; only the port is another one, because a test's gate takes a free one. */
export const startByServiceFile = (
  { port }: TestPostern,
  { account }: Pick<Account, 'account'>,
  key: string,
  directory: string,
  ...commands: readonly string[]
): RunningPsql => {
  const environment = { PGSERVICEFILE: join(directory, 'pg_service.conf'), PGPASSWORD: key };
  return startPsql(commands, environment, directory, `service=${account} port=${port}`);
};

export const queryByPsql = (...given: Parameters<typeof startByServiceFile>): Promise<PsqlResult> =>
  startByServiceFile(...given).result;
