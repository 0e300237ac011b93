/**
 * `${env:NAME}` and `${file:PATH}` in the configuration: the only way a secret gets in. Remembers which
 * characters came by reference, so that a secret written in clear can be refused.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface ResolvedTree {
  readonly value: unknown;
  /** Every text by its dotted path, with a NUL for each character that came from the environment or a file. */
  readonly blanked: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const reference = /\$\{(env|file):([^}]+)\}/g;

/** @param directory that relative `${file:…}` paths start from */
export const resolveReferences = (
  tree: unknown,
  directory: string,
  environment: NodeJS.ProcessEnv,
): ResolvedTree => {
  const blanked = new Map<string, string>();
  const problems: string[] = [];

  const lookUp = (path: string, kind: string, name: string): string => {
    if (kind === 'env') {
      const found = environment[name];
      if (found === undefined) problems.push(`${path}: the environment variable ${name} is not set.`);
      return found ?? '';
    }
    try {
      return readFileSync(resolve(directory, name), 'utf8').trimEnd();
    } catch (error) {
      problems.push(`${path}: the file ${name} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
      return '';
    }
  };

  const walk = (node: unknown, path: string): unknown => {
    if (typeof node === 'string') {
      let blank = '';
      let from = 0;
      const text = node.replace(reference, (whole: string, kind: string, name: string, at: number) => {
        const found = lookUp(path, kind, name);
        blank += node.slice(from, at) + '\0'.repeat(found.length);
        from = at + whole.length;
        return found;
      });
      blanked.set(path, blank + node.slice(from));
      return text;
    }
    const below = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(node)) return node.map((item, index) => walk(item, below(index)));
    if (node !== null && typeof node === 'object') {
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, below(key))]));
    }
    return node;
  };

  return { value: walk(tree, ''), blanked, problems };
};
