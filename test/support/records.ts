/** What the processes of a suite's tests have recorded, for the table at its end: a file of one JSON value per line. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const fileIn = (directory: string): string => join(directory, 'records.jsonl');

/** @param directory the suite's own */
export const appendRecord = (directory: string, value: object): void =>
  appendFileSync(fileIn(directory), `${JSON.stringify(value)}\n`);

/** In the order of recording; none when nothing was recorded. */
export const readRecords = <T>(directory: string): T[] =>
  existsSync(fileIn(directory))
    ? readFileSync(fileIn(directory), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as T)
    : [];
