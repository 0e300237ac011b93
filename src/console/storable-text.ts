/**
 * Text that no database can hold, found before anything is asked of one: NUL, which PostgreSQL refuses, and halves of
 * surrogate pairs, which UTF-8 cannot write. Pure, and without recursion: bodies may be nested as deeply as they like.
 */

import { invalid } from './problem.ts';

/** The path of the first such text in a JSON value; null: there is none. */
const unstorablePath = (value: unknown, name: string): string | null => {
  const waiting: (readonly [string, unknown])[] = [[name, value]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, part] = next;
    if (typeof part === 'string' && (part.includes('\0') || !part.isWellFormed())) return path;
    if (typeof part !== 'object' || part === null) continue;
    for (const [key, inner] of Object.entries(part)) waiting.push([`${path}.${key}`, inner]);
  }
  return null;
};

/** @throws Problem that names the first part which cannot be stored */
export const checkStorable = (parts: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(parts)) {
    const path = unstorablePath(value, name);
    if (path !== null) throw invalid([{ path, message: 'It has a character that no text can have.' }]);
  }
};
