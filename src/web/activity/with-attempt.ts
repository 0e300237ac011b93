/** Where an attempt that is told of belongs in the list: each once, newest first, as the console orders them. Pure. */

import type { Attempt, Page } from '../model.ts';

const isNewer = (one: Attempt, other: Attempt): boolean =>
  one.at === other.at ? one.id > other.id : one.at > other.at;

/** As it was when the attempt is in it, or in a part of the list that is not loaded yet. */
export function withAttempt(page: Page<Attempt>, attempt: Attempt): Page<Attempt> {
  if (page.items.some(({ id }) => id === attempt.id)) return page;
  const place = page.items.findIndex((each) => isNewer(attempt, each));
  if (place === -1 && page.nextCursor !== null) return page;
  return { ...page, items: page.items.toSpliced(place === -1 ? page.items.length : place, 0, attempt) };
}
