/**
 * The words, names and signs of a grant's text, by PostgreSQL's rules for identifiers (manual §4.1.1). Pure.
 * Reports mistakes through the `refuse` it is given; must never accept a name that PostgreSQL would change.
 */

/** PostgreSQL's NAMEDATALEN - 1; it would silently cut off what is longer, and a grant must not name another table. */
const maxNameBytes = 63;

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string };

/** The shortest spelling of a name that reads back as the same name. */
export const quoteName = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** The name itself when PostgreSQL can hold it unchanged. `what` names its part in the sentence of refusal. */
export function checkedName(name: string, what: string, refuse: (reason: string) => never): string {
  if (name === '') return refuse(`${what} was expected instead of an empty name`);
  if (name.includes('\0') || !name.isWellFormed())
    return refuse(`${what} has a character that no name can have`);
  const bytes = Buffer.byteLength(name);
  if (bytes > maxNameBytes)
    return refuse(`the name of ${what} has ${bytes} bytes, PostgreSQL allows ${maxNameBytes}`);
  return name;
}

/** A token as a sentence of refusal shows it. */
export const describeToken = (token: Token | undefined): string => {
  if (token === undefined) return 'the end';
  return token.kind === 'quoted' ? quoteName(token.text) : `"${token.text}"`;
};

/** The text's tokens in order. Folding concerns ASCII letters only; other letters are taken as they are. */
export function tokenize(text: string, refuse: (reason: string) => never): readonly Token[] {
  const lexeme = /\s*(?:([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|"((?:[^"]|"")*)"|([,.])|$)/y;
  const tokens: Token[] = [];
  while (lexeme.lastIndex < text.length) {
    const start = lexeme.lastIndex;
    const match = lexeme.exec(text);
    if (match === null) {
      const rest = text.slice(start).trimStart();
      return refuse(
        rest.startsWith('"') ? 'a double quote is not closed' : `${JSON.stringify(rest[0])} is out of place`,
      );
    }
    const [, word, quoted, sign] = match;
    if (word !== undefined)
      tokens.push({ kind: 'word', text: word.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"') });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}
