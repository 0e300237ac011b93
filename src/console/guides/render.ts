/**
 * A guide's Markdown as HTML for the page. Safe by construction: the Markdown is ours and may hold neither HTML nor
 * images nor links that leave https; placeholders stand in code only, and what stands for them is escaped. A guide that
 * breaks these rules is refused when it is loaded, not when somebody reads it.
 *
 * The page shows the title itself, so the first-level heading is left out and the others are two levels deeper.
 */

import { Marked, type Tokens } from 'marked';
import type { Connection } from '../../authority/connection-strings.ts';
import {
  isPlaceholderContext,
  type PlaceholderContext,
  type PlaceholderName,
  placeholderNames,
  writePlaceholder,
} from './placeholders.ts';

interface Placeholder {
  readonly name: PlaceholderName;
  readonly context: PlaceholderContext;
}

/** HTML with gaps. */
export type Template = readonly (string | Placeholder)[];

/** Neither of them can be typed, and HTML takes both for text. */
const [gapStart, gapEnd] = ['\u{F0000}', '\u{F0001}'];
const gap = new RegExp(`${gapStart}(\\w+) (\\w+)${gapEnd}`, 'u');
const placeholder = new RegExp(`\\{\\{(${placeholderNames.join('|')})\\}\\}`, 'g');

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

const code = (text: string, context: string): string =>
  escapeHtml(text).replaceAll(placeholder, (_, name) => {
    if (!isPlaceholderContext(context))
      throw new Error(`nobody knows how to write {{${name}}} in "${context}"`);
    return `${gapStart}${name} ${context}${gapEnd}`;
  });

const refuse = (what: string) => (): never => {
  throw new Error(`${what} is not for guides`);
};

const marked = new Marked({
  renderer: {
    code({ text, lang = 'text' }: Tokens.Code): string {
      const context = lang.split(' ').at(-1) ?? '';
      // Long lines scroll, and whoever has no mouse must be able to get there.
      return `<pre tabindex="0"><code>${code(text, context)}</code></pre>\n`;
    },
    codespan: ({ text }: Tokens.Codespan): string => `<code>${code(text, 'text')}</code>`,
    heading({ tokens, depth }: Tokens.Heading): string {
      return depth === 1 ? '' : `<h${depth + 2}>${this.parser.parseInline(tokens)}</h${depth + 2}>\n`;
    },
    link({ href, tokens }: Tokens.Link): string {
      if (!href.startsWith('https://')) throw new Error(`a link to ${href} leads nowhere from the page`);
      return `<a href="${escapeHtml(href)}" rel="noreferrer" target="_blank">${this.parser.parseInline(tokens)}</a>`;
    },
    html: refuse('HTML'),
    image: refuse('an image'),
  },
});

/** @throws Error that says which rule the Markdown breaks */
export const compileTemplate = (markdown: string): Template => {
  const html = marked.parse(markdown, { async: false });
  if (html.includes('{{')) throw new Error('a placeholder is unknown or stands outside code');
  // Split by a pattern with groups: text, name, context, text, …
  const pieces = html.split(gap);
  return pieces.flatMap((piece, index): (string | Placeholder)[] => {
    if (index % 3 === 0) return [piece];
    const context = pieces[index + 1];
    return index % 3 === 1 ? [{ name: piece, context } as Placeholder] : [];
  });
};

/** The HTML for one account. */
export const fillTemplate = (template: Template, connection: Connection): string =>
  template
    .map((part) =>
      typeof part === 'string' ? part : escapeHtml(writePlaceholder(part.name, part.context, connection)),
    )
    .join('');
