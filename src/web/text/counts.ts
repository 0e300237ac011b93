/** Numbers of things in words. Pure. */

const counting = new Intl.NumberFormat('en');

/** "no sessions", "1 session", "12 sessions". */
export const countText = (count: number, noun: string): string =>
  count === 0 ? `no ${noun}s` : `${counting.format(count)} ${noun}${count === 1 ? '' : 's'}`;
