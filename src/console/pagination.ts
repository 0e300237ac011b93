/**
 * Pages of a list that is in hand as a whole (what one account has is never much). The cursor names the last row of
 * the page and when it was made, so that a row that was removed meanwhile loses nobody their place.
 */

import { invalid } from './problem.ts';

interface Row {
  readonly id: string;
  readonly createdAt: Date;
}

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** Opaque for clients. */
export const encodeCursor = (parts: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** @throws Problem when the text is no cursor with so many parts */
export const decodeCursor = (text: string, length: number): readonly (string | number)[] => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const isPart = (part: unknown) => typeof part === 'string' || typeof part === 'number';
    if (Array.isArray(parts) && parts.length === length && parts.every(isPart)) return parts;
  } catch {
    // Told below.
  }
  throw invalid([{ path: 'query.cursor', message: 'It is not the nextCursor of another page.' }]);
};

const startAfter = (rows: readonly Row[], cursor: string): number => {
  const [at = 0, id] = decodeCursor(cursor, 2);
  const last = rows.findIndex((row) => row.id === id);
  if (last >= 0) return last + 1;
  const next = rows.findIndex(({ createdAt }) => createdAt.getTime() >= Number(at));
  return next >= 0 ? next : rows.length;
};

/** @param rows all of them, in the order in which they were made */
export const pageOf = <Item extends Row>(
  rows: readonly Item[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<Item> => {
  const start = cursor === undefined ? 0 : startAfter(rows, cursor);
  const items = rows.slice(start, start + limit);
  const last = items.at(-1);
  const more = last !== undefined && start + limit < rows.length;
  return { items, nextCursor: more ? encodeCursor([last.createdAt.getTime(), last.id]) : null };
};
