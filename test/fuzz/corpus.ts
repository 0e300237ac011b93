/** The cases that are kept: each a file of `corpus/`, whose first comment says what it is about. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseScript, type Script } from './script.ts';

const directory = fileURLToPath(new URL('corpus/', import.meta.url));

export interface KeptCase {
  /** Of the file, without its ending. Where Postern and PostgreSQL differ it begins with the rule's id. */
  readonly name: string;
  readonly script: Script;
}

export const corpus: readonly KeptCase[] = readdirSync(directory)
  .filter((file) => file.endsWith('.txt'))
  .sort()
  .map((file) => ({
    name: file.slice(0, -4),
    script: parseScript(readFileSync(new URL(file, `file://${directory}`), 'utf8')),
  }));
