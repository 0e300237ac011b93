/** What pgbench 15 and newer says: https://www.postgresql.org/docs/current/pgbench.html */

/** A line of `-P`. @returns transactions per second since the line before; null: it is another line */
export const parseProgress = (line: string): number | null => {
  const rate = /^progress: [\d.]+ s, ([\d.]+) tps, /.exec(line)?.[1];
  return rate === undefined ? null : Number(rate);
};

/** A file of `--log`. @returns how long each transaction took, in microseconds */
export const parseLog = (text: string): number[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.split(' ')[2]));
