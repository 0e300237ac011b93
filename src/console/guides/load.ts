/**
 * The guides of `docs/clients`, read once: the same files are the documentation of the repository and what the page
 * shows. Each begins with its id, title and order; README.md is for readers of the repository alone.
 */

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Connection } from '../../authority/connection-strings.ts';
import { compileTemplate, fillTemplate, type Template } from './render.ts';

export interface Guide {
  readonly id: string;
  readonly title: string;
  readonly template: Template;
}

export interface FilledGuide {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/** As far from here in `src` as in `dist`. */
const guidesDirectory = fileURLToPath(new URL('../../../docs/clients/', import.meta.url));

const frontMatter = /^---\nid: ([a-z][a-z0-9-]*)\ntitle: (.+)\norder: (\d+)\n---\n/;

const parseGuide = (text: string): Guide & { readonly order: number } => {
  const [head, id, title, order] = frontMatter.exec(text) ?? [];
  if (head === undefined || id === undefined || title === undefined) {
    throw new Error('it does not begin with id, title and order between lines of ---');
  }
  return { id, title, order: Number(order), template: compileTemplate(text.slice(head.length)) };
};

/**
 * In the order in which the page lists them.
 * @throws Error for a file that is no guide, which is a mistake of ours
 */
export const loadGuides = async (directory: string = guidesDirectory): Promise<readonly Guide[]> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const guides = await Promise.all(
    names.map(async (name) => {
      const text = (await readFile(`${directory}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      try {
        return parseGuide(text);
      } catch (error) {
        throw new Error(`The guide ${name} cannot be used.`, { cause: error });
      }
    }),
  );
  return guides.sort((one, other) => one.order - other.order);
};

export const fillGuides = (guides: readonly Guide[], connection: Connection): FilledGuide[] =>
  guides.map(({ id, title, template }) => ({ id, title, html: fillTemplate(template, connection) }));
