/** What servers answer, in the words of replies.ts, as rules compare it. */

/** `one` with this end instead of that one; undefined: it ends otherwise. */
export const otherEnd = (one: string, end: string, other: string): string | undefined =>
  one.endsWith(end) ? `${one.slice(0, one.length - end.length)}${other}` : undefined;

export const withoutVersion = (words: string): string => words.replace(/\bv\d+\([^)]*\) /, '');
export const withoutEnd = (words: string): string => words.replace(/ ?\S+$/, '');
export const asked = /R1[01](?:\(\S*\))?$/;
export const answered = (words: string, refusal: string): boolean =>
  words.endsWith(` ${refusal} closed`) && asked.test(words.slice(0, -` ${refusal} closed`.length));
export const sameUntil = (left: string, right: string): boolean => {
  const [one, other] = [left, right].map((words) => words.replace(/(?: ?E\w{5})? ?closed$/, ''));
  return one === other;
};
/** Postern refuses what it has asked for, and PostgreSQL takes it and goes on. */
export const goesOn = (postgres: string, postern: string): boolean =>
  answered(postern, 'E08P01') && postgres.startsWith(`${otherEnd(postern, 'E08P01 closed', '')}R11`);
