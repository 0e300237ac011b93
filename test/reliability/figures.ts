/**
 * What each test has measured. At the end of the run they are one table, shown and, where POSTERN_RELIABILITY names a
 * file with the two marks, written between them: `npm run reliability`.
 */

import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename } from 'node:path';
import { expect } from 'vitest';
import { version } from '../../src/program.ts';
import { machineInWords, tableRow, writeFigures } from '../support/figures-file.ts';
import { appendRecord, readRecords } from '../support/records.ts';
import { type Installation, installation } from './installation.ts';
import { toolVersions } from './tools.ts';

export interface Figure {
  /** What was done. */
  readonly fault: string;
  /** What clients saw. */
  readonly seen: string;
  /** Sessions that ended by it, of those that there were. */
  readonly lost: string;
  /** How long what took. */
  readonly effect: string;
}

interface Recorded extends Figure {
  readonly file: string;
  readonly test: string;
}

/** Of the test that runs. */
export const record = (figure: Figure): void => {
  const { currentTestName = '', testPath = '' } = expect.getState();
  const recorded: Recorded = {
    ...figure,
    file: basename(testPath),
    test: currentTestName.replaceAll(' > ', ': '),
  };
  appendRecord(installation().directory, recorded);
};

/** From `performance.now()` to now or another moment, for people. */
export const secondsSince = (beganAt: number, endedAt = performance.now()): string => {
  const seconds = (endedAt - beganAt) / 1000;
  return `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
};

const table = (figures: readonly Recorded[]): string =>
  [
    '| fault | what clients saw | sessions lost | seconds to effect | proved by |',
    '|---|---|---|---|---|',
    ...figures.map(({ fault, seen, lost, effect, file, test }) =>
      tableRow([fault, seen, lost, effect, `\`${file}\`: ${test}`]),
    ),
  ].join('\n');

const migrates = (): boolean =>
  existsSync('/proc/sys/net/ipv4/tcp_migrate_req') &&
  readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim() === '1';

/** What it was measured with. */
export const circumstances = (): string =>
  [
    `Measured on ${new Date().toISOString().slice(0, 10)} with Postern ${version}, Node ${process.versions.node}`,
    ...toolVersions,
    `Linux ${release()} with tcp_migrate_req ${migrates() ? 1 : 0}`,
    machineInWords(),
  ].join('; ');

export const publishFigures = ({ directory }: Installation): void => {
  const figures = readRecords<Recorded>(directory).sort((left, right) => left.file.localeCompare(right.file));
  if (figures.length === 0) return;
  const text = `${circumstances()}.\n\n${table(figures)}\n`;
  process.stdout.write(`\n${text}\n`);
  const target = process.env['POSTERN_RELIABILITY'];
  if (target !== undefined) writeFigures(target, 'npm run reliability', text);
};
