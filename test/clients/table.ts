/**
 * What each client has done. At the end of the run it is one table, shown and, where POSTERN_CLIENTS names a file with the
 * two marks, written between them: `npm run clients`.
 */

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/program.ts';
import { type Account, installation } from './installation.ts';

export interface Run {
  readonly client: string;
  readonly version: string;
  readonly authentication: Account['authentication'];
  /** What it did, for people. */
  readonly steps: string;
}

const fileIn = (directory: string): string => join(directory, 'runs.jsonl');

export const record = (run: Run): void =>
  appendFileSync(fileIn(installation().directory), `${JSON.stringify(run)}\n`);

const rowOf = (runs: readonly Run[]): string => {
  const ranWith = (authentication: Run['authentication']): string =>
    runs.find((run) => run.authentication === authentication)?.steps ?? '–';
  const [{ client, version: clientVersion } = { client: '', version: '' }] = runs;
  const cells = [client, clientVersion, ranWith('scram-sha-256'), ranWith('password')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
};

const table = (runs: readonly Run[]): string =>
  [
    '| client | version | verify-full, SCRAM | verify-full, cleartext password |',
    '|---|---|---|---|',
    ...Map.groupBy(runs, ({ client }) => client)
      .values()
      .map(rowOf),
  ].join('\n');

const [begin, end] = ['<!-- runs: npm run clients -->', '<!-- end of runs -->'];

export const publishTable = (directory: string): void => {
  if (!existsSync(fileIn(directory))) return;
  const runs = readFileSync(fileIn(directory), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Run)
    .sort((left, right) => left.client.localeCompare(right.client));
  const when = `Run on ${new Date().toISOString().slice(0, 10)} with Postern ${version}, Node ${process.versions.node}, Linux ${release()}.`;
  const text = `${when}\n\n${table(runs)}\n`;
  process.stdout.write(`\n${text}\n`);
  const target = process.env['POSTERN_CLIENTS'];
  if (target === undefined) return;
  const [before, rest] = readFileSync(target, 'utf8').split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${target} has no place for runs.`);
  writeFileSync(target, `${before}${begin}\n${text}${end}${after}`);
};
