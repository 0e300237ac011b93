/**
 * The placeholders of the guides and what stands for them, written as the text around them needs it: a database called
 * `it's` has to be quoted in another way on a command line than in a URL. Pure. HTML is not its business: whoever puts
 * the result into a page escapes it.
 */

import { type Connection, conninfoValue, odbcValue, urlHost } from '../../authority/connection-strings.ts';

export const placeholderNames = ['host', 'port', 'database', 'user'] as const;
export type PlaceholderName = (typeof placeholderNames)[number];

type Write = (value: string) => string;

const asIs: Write = (value) => value;

/** What a POSIX shell would expand within double quotes. */
const inDoubleQuotes: Write = (value) => value.replaceAll(/["$`\\]/g, '\\$&');

/** Within the double quotes of a literal; Python, R and JavaScript read JSON's escapes. */
const inLiteral: Write = (value) => JSON.stringify(value).slice(1, -1);

/**
 * By what the last word of a code block's info string says of its content; a span of code in the text is `text`.
 * `sh`: within a libpq connection string in double quotes. `jdbc`: within a URL.
 */
const writers = {
  text: asIs,
  sh: (value) => inDoubleQuotes(conninfoValue(value)),
  pgpass: (value) => value.replaceAll(/[\\:]/g, '\\$&'),
  python: inLiteral,
  js: inLiteral,
  r: inLiteral,
  jdbc: encodeURIComponent,
  odbc: odbcValue,
} as const satisfies Record<string, Write>;

export type PlaceholderContext = keyof typeof writers;

export const isPlaceholderContext = (text: string): text is PlaceholderContext =>
  Object.hasOwn(writers, text);

/** What stands for a placeholder there. */
export const writePlaceholder = (
  name: PlaceholderName,
  context: PlaceholderContext,
  connection: Connection,
): string => {
  if (name === 'host' && context === 'jdbc') return urlHost(connection.host);
  return writers[context](String(connection[name]));
};
