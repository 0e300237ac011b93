/** Documents whose figures a command measures and writes between two marks; the prose around them is by hand. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const end = '<!-- end of figures -->';

/** @param command the one that writes them, which is in the first mark */
export const writeFigures = (file: string, command: string, text: string): void => {
  const begin = `<!-- figures: ${command} -->`;
  const [before, rest = ''] = readFileSync(file, 'utf8').split(begin);
  const endsAt = rest.indexOf(end);
  if (endsAt === -1) throw new Error(`${file} has no place for figures.`);
  writeFileSync(file, `${before}${begin}\n${text}${rest.slice(endsAt)}`);
};

/** One row of a Markdown table; what stands in a cell stays in it. */
export const tableRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** Processors and memory of this computer, for people. */
export const machineInWords = (): string => {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} cores of ${processors[0]?.model.trim()}, ${memory} GB`;
};
