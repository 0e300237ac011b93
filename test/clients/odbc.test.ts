/** psqlODBC by a connection string as the page shows it, by a data source with Pqopt, and in isql. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesIn, odbcConnectionString } from '../../src/authority/connection-strings.ts';
import { downloadBundle } from './bundle.ts';
import { host, installation, rowCount } from './installation.ts';
import { describeClient, describeWith, type Need, program } from './programs.ts';
import { runProgram } from './run-program.ts';

/** Debian's packages are not for other Pythons. */
const python = '/usr/bin/python3';
const pyodbc: Need = { probe: [python, '-c', 'import pyodbc'], from: 'python3-pyodbc' };
const driver: Need = { probe: ['sh', '-c', 'ls /usr/lib/*/odbc/psqlodbcw.so'], from: 'odbc-postgresql' };
const isql: Need = { probe: ['isql', '--version'], from: 'unixodbc' };

for (const [by, title] of [
  ['string', 'psqlODBC by a connection string'],
  ['source', 'psqlODBC by a data source'],
] as const) {
  describeClient({
    name: `psqlodbc-${by}`,
    title,
    command: [python, program('psqlodbc.py')],
    environment: { PSQLODBC_BY: by, PYTHONDONTWRITEBYTECODE: '1' },
    needs: pyodbc,
    // Its next query finds the server's last words or a lost connection, whichever comes first.
    endsSilently: true,
  });
}

describeWith('isql', [isql, driver], () => {
  it('takes the connection string of the page, and shows refusals in full', async () => {
    const { name, readKey } = installation().scram;
    const { directory } = await downloadBundle(installation().scram, 'isql');
    await writeFile(join(directory, 'odbcinst.ini'), '[PostgreSQL Unicode]\nDriver = psqlodbcw.so\n');
    const connection = { host, port: installation().port, database: name, user: name };
    const text = odbcConnectionString(connection, filesIn(directory));
    const ask = async (key: string, query: string): Promise<string> => {
      const command = ['isql', '-k', `${text};PWD=${key}`, '-v', '-b', '-d,'];
      return (await runProgram(command, directory, { ODBCSYSINI: directory }, `${query}\n`).ended).out;
    };
    expect((await ask(readKey, 'SELECT count(*) FROM places.towns')).trim()).toBe(String(rowCount));
    expect(await ask(readKey, "INSERT INTO places.notes (text) VALUES ('isql')")).toContain(
      '[42501]ERROR: permission denied for table notes',
    );
    expect(await ask('pst_wrong', 'SELECT 1')).toContain(`API key authentication failed for user "${name}"`);
  });
});
