/**
 * What each microbenchmark has measured. At the end of the run they are one table, shown and, where POSTERN_BENCHMARKS
 * names a file with the two marks, written between them.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { inject } from 'vitest';
import { version } from '../../../src/program.ts';
import { machineInWords, writeFigures } from '../../support/figures-file.ts';

export interface Figure {
  readonly what: string;
  /** With their units. */
  readonly median: string;
  /** At the 99th percentile of the runs. */
  readonly slow: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the file that gathers them, one line of JSON each. */
    figuresFile: string;
  }
}

export const record = (figure: Figure): void =>
  appendFileSync(inject('figuresFile'), `${JSON.stringify(figure)}\n`);

const tableOf = (figures: readonly Figure[]): string =>
  [
    '| what | median | 99th percentile |',
    '|---|---|---|',
    ...figures.map(({ what, median, slow }) => `| ${what} | ${median} | ${slow} |`),
  ].join('\n');

const circumstances = (): string =>
  [
    `Measured on ${new Date().toISOString().slice(0, 10)} with Postern ${version}, Node ${process.versions.node}`,
    `Linux ${release()}`,
    machineInWords(),
  ].join('; ');

/** @param file of the figures */
export const publishFigures = (file: string): void => {
  if (!existsSync(file)) return;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const text = `${circumstances()}.\n\n${tableOf(lines.map((line) => JSON.parse(line) as Figure))}\n`;
  process.stdout.write(`\n${text}\n`);
  const target = process.env['POSTERN_BENCHMARKS'];
  if (target !== undefined) writeFigures(target, 'npm run bench:micro', text);
};
