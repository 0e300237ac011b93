/** pgjdbc with both files in which Java takes a key, and what Databricks and Tableau ask of it. */

import { beforeAll, expect, it } from 'vitest';
import { type Bundle, downloadBundle } from './bundle.ts';
import { type Account, host, installation, rowCount } from './installation.ts';
import { describeClient, describeWith, type Need, program } from './programs.ts';
import { runProgram } from './run-program.ts';

const jar = '/usr/share/java/postgresql.jar';
const needs: readonly Need[] = [
  { probe: ['java', '-version'], from: 'default-jdk-headless' },
  { probe: ['test', '-f', jar], from: 'libpostgresql-jdbc-java' },
];
const java = (file: string): readonly string[] => [
  'java',
  '-Xmx128m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-cp',
  jar,
  program(file),
];

const keyFiles = {
  'client.key.pk8': 'sslcert=client.crt&sslkey=client.key.pk8',
  'client.p12': 'sslkey=client.p12&sslpassword=postern',
};

for (const [file, parameters] of Object.entries(keyFiles)) {
  describeClient({
    name: `pgjdbc-${file}`,
    title: `pgjdbc with ${file}`,
    command: java('Jdbc.java'),
    environment: { JDBC_FILES: parameters },
    needs: needs[0] ?? null,
  });
}

describeWith('pgjdbc as programs use it', needs, () => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await downloadBundle(installation().scram, 'jdbc');
  });

  /** What `JdbcMore.java` says of its parts. */
  const ask = async (
    key: string,
    parts: readonly string[],
  ): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> => {
    const { name }: Account = installation().scram;
    const url = `jdbc:postgresql://${host}:${installation().port}/${name}?sslmode=verify-full&sslrootcert=server_ca.pem`;
    const { status, out, err } = await runProgram([...java('JdbcMore.java'), ...parts], bundle.directory, {
      JDBC_URL: `${url}&${keyFiles['client.key.pk8']}`,
      PGUSER: name,
      PGPASSWORD: key,
    }).ended;
    if (status !== 0) throw new Error(`Java ended with ${status}: ${err}`);
    const lines = out.trimEnd().split('\n');
    return Object.fromEntries(
      lines.map((line) => {
        const [part = '', ...fields] = line.split('\t');
        return [part, Object.fromEntries(fields.map((field) => field.split(/=(.*)/s, 2)))];
      }),
    );
  };
  const rows = String(rowCount);

  it('reads metadata, in partitions as Spark does, with named statements, and by COPY', async () => {
    const parts = ['metadata', 'partitions', 'prepared', 'copyOut'];
    expect(await ask(installation().scram.readKey, parts)).toEqual({
      metadata: { tables: 'notes,secrets,towns', columns: '6', primaryKey: 'id' },
      partitions: { columns: '6', rows },
      prepared: { found: '20', named: '1' },
      copyOut: { rows },
    });
  });

  it('writes in batches and by COPY with a key that may', async () => {
    expect(await ask(installation().scram.writeKey, ['batch', 'copyIn'])).toEqual({
      batch: { written: '1000', left: '0' },
      copyIn: { rows, deleted: rows },
    });
  });

  it('is told which table it may not write to, in batches and by COPY', async () => {
    const refused = {
      sqlstate: '42501',
      error: expect.stringContaining('permission denied for table notes'),
    };
    expect(await ask(installation().scram.readKey, ['batch', 'copyIn'])).toEqual({
      batch: refused,
      copyIn: refused,
    });
  });

  it('ends a query by the timeout of a statement, and goes on with the session', async () => {
    const { timeout } = await ask(installation().scram.readKey, ['timeout']);
    expect(timeout).toMatchObject({ cancelled: '57014', usable: 'true' });
    expect(Number(timeout?.['seconds'])).toBeLessThan(20);
  });
});
