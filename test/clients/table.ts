/**
 * What each client has done. At the end of the run it is one table, shown and, where POSTERN_CLIENTS names a file with the
 * two marks, written between them: `npm run clients`.
 */

import { release } from 'node:os';
import { version } from '../../src/program.ts';
import { tableRow, writeFigures } from '../support/figures-file.ts';
import { appendRecord, readRecords } from '../support/records.ts';
import { type Account, installation } from './installation.ts';

export interface Run {
  readonly client: string;
  readonly version: string;
  readonly authentication: Account['authentication'];
  /** What it did, for people. */
  readonly steps: string;
}

export const record = (run: Run): void => appendRecord(installation().directory, run);

const rowOf = (runs: readonly Run[]): string => {
  const ranWith = (authentication: Run['authentication']): string =>
    runs.find((run) => run.authentication === authentication)?.steps ?? '–';
  const [{ client, version: clientVersion } = { client: '', version: '' }] = runs;
  return tableRow([client, clientVersion, ranWith('scram-sha-256'), ranWith('password')]);
};

const table = (runs: readonly Run[]): string =>
  [
    '| client | version | verify-full, SCRAM | verify-full, cleartext password |',
    '|---|---|---|---|',
    ...Map.groupBy(runs, ({ client }) => client)
      .values()
      .map(rowOf),
  ].join('\n');

export const publishTable = (directory: string): void => {
  const runs = readRecords<Run>(directory).sort((left, right) => left.client.localeCompare(right.client));
  if (runs.length === 0) return;
  const when = `Run on ${new Date().toISOString().slice(0, 10)} with Postern ${version}, Node ${process.versions.node}, Linux ${release()}.`;
  const text = `${when}\n\n${table(runs)}\n`;
  process.stdout.write(`\n${text}\n`);
  const target = process.env['POSTERN_CLIENTS'];
  if (target !== undefined) writeFigures(target, 'npm run clients', text);
};
