/** What clients do all the time, each until told to stop; every one throws when something is not as it has to be. */

import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { connect, onBackend, refusalOf, untilRunning } from '../reliability/clients.ts';
import { type Account, installation, libpq } from '../reliability/installation.ts';
import { startInShell, startPsql } from '../support/psql.ts';
import { RawClient } from '../support/raw-client.ts';

export interface Place {
  readonly running: AsyncDisposableStack;
  /** Of the instance. */
  readonly address: string;
  readonly stopped: AbortSignal;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** @returns how often */
const untilStopped = async (
  { stopped }: Place,
  act: (time: number) => Promise<void>,
  pauseMs = 0,
): Promise<number> => {
  let times = 0;
  while (!stopped.aborted) {
    await act(times);
    times += 1;
    await delay(pauseMs, undefined, { signal: stopped }).catch(() => undefined);
  }
  return times;
};

export const prepareTables = async (): Promise<void> => {
  await onBackend('CREATE TABLE copies (n int, line text)');
  await onBackend('CREATE TABLE large (n int, value text)');
  for (const table of ['copies', 'large']) await onBackend(`ALTER TABLE ${table} OWNER TO bench_owner`);
};

const rowsPerCopy = 20_000;

/** Rows by COPY in and out again, with a checksum at the client before, at the backend, and at the client after. */
export const copyBothWays = async (place: Place): Promise<{ rows: number; copies: number }> => {
  const { bench, directory } = installation();
  const inShell = async (commandLine: string): Promise<string> => {
    const { status, stdout, stderr } = await startInShell(commandLine, libpq(bench, place.address), directory)
      .result;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };
  const copies = await untilStopped(place, async () => {
    const text = Array.from(
      { length: rowsPerCopy },
      (_, n) => `${n}\t${randomBytes(20).toString('hex')}\n`,
    ).join('');
    await writeFile(join(directory, 'rows.tsv'), text);
    await inShell("psql -Xq -v ON_ERROR_STOP=1 -c 'TRUNCATE copies' -c \"\\copy copies FROM 'rows.tsv'\"");
    const [stored] = await onBackend(
      "SELECT md5(string_agg(n || E'\\t' || line || E'\\n', '' ORDER BY n)) AS sum FROM copies",
    );
    const out = await inShell("psql -Xqc 'COPY (SELECT * FROM copies ORDER BY n) TO STDOUT' | md5sum");
    expect([stored?.['sum'], out.split(' ')[0]]).toEqual([md5(text), md5(text)]);
  });
  return { copies, rows: copies * rowsPerCopy };
};

const largeBytes = 4_000_000;

/** One row after the other of some megabytes, there and back. */
export const exchangeLargeRows = async (place: Place): Promise<number> => {
  const { client } = await connect(place.running, place.address);
  const times = await untilStopped(
    place,
    async (time) => {
      const value = randomBytes(largeBytes / 2).toString('hex');
      await client.query('INSERT INTO large VALUES ($1, $2)', [time, value]);
      const { rows } = await client.query('SELECT md5(value) AS sum, value FROM large WHERE n = $1', [time]);
      expect([rows[0]?.sum, md5(String(rows[0]?.value))]).toEqual([md5(value), md5(value)]);
      await client.query('DELETE FROM large WHERE n = $1', [time]);
    },
    500,
  );
  await client.end();
  return times;
};

/** psql whose user presses Ctrl-C. */
export const cancelQueries = (place: Place): Promise<number> =>
  untilStopped(
    place,
    async (time) => {
      const { bench } = installation();
      const mark = `cancelled ${time}.`;
      const { process: psql, result } = startPsql(
        [`SELECT pg_sleep(600) -- ${mark}`],
        libpq(bench, place.address),
        bench.bundle,
      );
      await untilRunning(mark);
      psql.kill('SIGINT');
      const { stderr } = await result;
      expect(stderr).toContain('canceling statement due to user request');
    },
    500,
  );

/** Wrong keys, a certificate that is not good any more, and no PostgreSQL client at all. */
export const failToLogIn = (place: Place, stranger: Account, revoked: Account): Promise<number> =>
  untilStopped(
    place,
    async () => {
      const { address } = place;
      const wrongKey = await refusalOf(address, { account: stranger, key: 'wrong' });
      expect(['28P01', '53300']).toContain(wrongKey?.code);
      expect(await refusalOf(address, { account: revoked })).toMatchObject({ code: '28000' });
      const garbage = await RawClient.open(6432, address);
      garbage.send(randomBytes(200));
      await garbage.gone();
      garbage.close();
    },
    200,
  );
