/** psql as a client of a Postern under test, configured by the files of a bundle as `psql` users have them. */

import { join } from 'node:path';
import type { TestPostern } from '../support/postern.ts';
import { type LibpqEnvironment, type PsqlResult, type RunningPsql, startPsql } from '../support/psql.ts';

/** Who logs in with what: the first account of a `TestPostern`, or another one. */
export type Login = Pick<TestPostern, 'account' | 'port' | 'readerKey' | 'files'>;

/** The reader's login with everything verified; `changes` overrides or, by undefined, removes. */
export const libpqEnvironment = (
  { account, port, readerKey, files }: Login,
  changes: LibpqEnvironment = {},
): LibpqEnvironment => ({
  PGHOST: 'localhost',
  PGPORT: String(port),
  PGUSER: account,
  PGDATABASE: account,
  PGPASSWORD: readerKey,
  PGSSLMODE: 'verify-full',
  PGSSLCERT: join(files.directory, 'client.crt'),
  PGSSLKEY: join(files.directory, 'client.key'),
  PGSSLROOTCERT: join(files.directory, 'server_ca.pem'),
  ...changes,
});

export const startClient = (
  login: Login,
  commands: string | readonly string[],
  changes?: LibpqEnvironment,
): RunningPsql => startPsql([commands].flat(), libpqEnvironment(login, changes), login.files.directory);

export const psql = (
  login: Login,
  commands: string | readonly string[],
  changes?: LibpqEnvironment,
): Promise<PsqlResult> => startClient(login, commands, changes).result;
