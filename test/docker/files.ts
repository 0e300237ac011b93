/** The files that deployments are made of, as tests read them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export const read = (file: string): string => readFileSync(join(repository, file), 'utf8');

/** Every document of a YAML file; throws on what YAML does not allow, duplicate keys too. */
export const readYaml = (file: string): unknown[] =>
  parseAllDocuments(read(file), { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    return document.toJS() as unknown;
  });

/** Paths below a directory of the repository, relative to it. */
export const filesBelow = (directory: string): string[] =>
  readdirSync(join(repository, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(repository.length))
    .sort();
