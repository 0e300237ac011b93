/**
 * Values as people read them: aligned tables and field lists, times as ISO minutes in UTC, `–` for nothing. Pure.
 * Much of what is shown was written by clients (application names, addresses): nothing of it may steer a terminal.
 */

import { dateText } from '../authority/validity.ts';

export type Cell = string | number | boolean | Date | null | readonly string[];

/** Title → what the column shows of a row. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => Cell>>;

const nothing = '–';
const gap = '  ';

/** Control and format characters, which can move the cursor or turn text around. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

export const formatCell = (cell: Cell): string => {
  if (cell === null || cell === '') return nothing;
  if (cell instanceof Date) return dateText(cell.getTime());
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'string') return cell.replace(unprintable, '\u{fffd}');
  return cell.length === 0 ? nothing : cell.map(formatCell).join(', ');
};

const align = (lines: readonly (readonly string[])[]): string => {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [column, text] of line.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, [...text].length);
    }
  }
  const padded = (text: string, column: number) =>
    text + ' '.repeat((widths[column] ?? 0) - [...text].length);
  return lines.map((line) => `${line.map(padded).join(gap).trimEnd()}\n`).join('');
};

/** A heading and one line per row, each ending with a line feed. */
export const formatTable = <Row>(rows: readonly Row[], columns: Columns<Row>): string => {
  const shown = Object.values(columns);
  return align([
    Object.keys(columns).map((title) => title.toUpperCase()),
    ...rows.map((row) => shown.map((show) => formatCell(show(row)))),
  ]);
};

/** One line per field, names aligned. */
export const formatFields = (fields: Readonly<Record<string, Cell>>): string =>
  align(Object.entries(fields).map(([name, cell]) => [`${name}:`, formatCell(cell)]));
