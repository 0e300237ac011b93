/**
 * Pages of a list that is in hand as a whole (what one account has is never much). The cursor names the last row of
 * the page and when it was made, so that a row that was removed meanwhile loses nobody their place.
 */

import { z } from 'zod';
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

/**
 * @param parts what the list puts into its cursors: only that gets as far as a database
 * @throws Problem when the text is none of them
 */
export const decodeCursor = <Parts>(text: string, parts: z.ZodType<Parts>): Parts => {
  const decoded = parts.safeParse(parseJson(Buffer.from(text, 'base64url').toString()));
  if (decoded.success) return decoded.data;
  throw invalid([{ path: 'query.cursor', message: 'It is not the nextCursor of another page.' }]);
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** When the last row of the page was made, and its id. */
const rowCursor = z.tuple([z.number(), z.string()]);

const startAfter = (rows: readonly Row[], cursor: string): number => {
  const [at, id] = decodeCursor(cursor, rowCursor);
  const last = rows.findIndex((row) => row.id === id);
  if (last >= 0) return last + 1;
  const next = rows.findIndex(({ createdAt }) => createdAt.getTime() >= at);
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
