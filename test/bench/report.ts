/** What was measured, as Markdown: the targets first, then the tables of each work. */

import { inDigits } from './statistics.ts';
import type { Outcome, Table, Target, Work } from './work.ts';

export interface Done {
  readonly work: Pick<Work, 'title' | 'targets'>;
  readonly outcome: Outcome;
}

export const isMet = ({ bound, limit }: Pick<Target, 'bound' | 'limit'>, measured: number): boolean =>
  bound === 'at most' ? measured <= limit : measured >= limit;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const tableText = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n');

const withUnit = (value: string, unit: string): string => (unit === '×' ? `${value} ×` : `${value} ${unit}`);

const verdict = (target: Target, measured: number | undefined): string[] => [
  target.what,
  withUnit(`${target.bound === 'at most' ? '≤' : '≥'} ${target.limit}`, target.unit),
  measured === undefined ? '–' : withUnit(inDigits(measured), target.unit),
  measured === undefined ? 'not measured' : isMet(target, measured) ? 'met' : '**missed**',
];

const targetTable = (done: readonly Done[]): string =>
  tableText(
    ['target', '', 'measured', ''],
    done.flatMap(({ work, outcome }) =>
      work.targets.map((target) => verdict(target, outcome.measured[target.id])),
    ),
  );

/** Captioned, where it has a caption. */
export const tableInWords = ({ caption, columns, rows }: Table): string =>
  `${caption === '' ? '' : `${caption}:\n\n`}${tableText(columns, rows)}`;

export const report = (done: readonly Done[]): string =>
  [
    '## Targets',
    targetTable(done),
    ...done.flatMap(({ work, outcome }) => [`## ${work.title}`, ...outcome.tables.map(tableInWords)]),
  ].join('\n\n');
