/** How much is tried, and from which seed: what `run.ts` was told. */

import { randomInt } from 'node:crypto';

const numberIn = (variable: string): number | undefined => {
  const text = process.env[variable];
  return text === undefined || text === '' ? undefined : Number(text);
};

/** New with each run: what one run does not find, another one may. */
export const seed = numberIn('POSTERN_FUZZ_SEED') ?? randomInt(1_000_000_000);

/** Both servers get so many. */
export const cases = numberIn('POSTERN_FUZZ_CASES') ?? 100_000;

/** Postern alone gets so many: each batch of them takes as long as the deadline of a login. */
export const mutations = Math.ceil(cases * 0.03);

/** The number of the one case to replay. */
export const only = numberIn('POSTERN_FUZZ_ONLY');

/** For people, and for whoever reads the log of a run that has failed. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);
