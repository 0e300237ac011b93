/**
 * `${env:NAME}` and `${file:PATH}` in the configuration: the only way a secret gets in. Remembers which settings
 * came by reference, so that a secret written in clear can be refused.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface ResolvedTree {
  readonly value: unknown;
  /** Dotted paths of the settings whose text came from the environment or a file. */
  readonly referenced: ReadonlySet<string>;
  readonly problems: readonly string[];
}

const reference = /\$\{(env|file):([^}]+)\}/g;

/** @param directory that relative `${file:…}` paths start from */
export const resolveReferences = (
  tree: unknown,
  directory: string,
  environment: NodeJS.ProcessEnv,
): ResolvedTree => {
  const referenced = new Set<string>();
  const problems: string[] = [];

  const lookUp = (path: string, kind: string, name: string): string => {
    referenced.add(path);
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
      return node.replace(reference, (_whole, kind: string, name: string) => lookUp(path, kind, name));
    }
    const below = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(node)) return node.map((item, index) => walk(item, below(index)));
    if (node !== null && typeof node === 'object') {
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, below(key))]));
    }
    return node;
  };

  return { value: walk(tree, ''), referenced, problems };
};
