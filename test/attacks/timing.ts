/**
 * Whether two ways to be refused can be told apart by their time: samples taken in turn, so that whatever else the
 * machine does hits both alike, compared by ranks (Mann–Whitney), which a few late ones do not move.
 */

/** How long it takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const beganAtMs = performance.now();
  await work();
  return performance.now() - beganAtMs;
};

/** @param tries each gives the milliseconds of what an attacker would measure of it */
export const sampleInTurn = async (
  tries: readonly (() => Promise<number>)[],
  rounds: number,
): Promise<number[][]> => {
  const samples: number[][] = tries.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (let place = 0; place < tries.length; place += 1) {
      // Who follows whom changes from round to round: what one try leaves behind falls on all of them.
      const index = (place + round) % tries.length;
      const tookMs = await tries[index]?.();
      if (tookMs !== undefined) samples[index]?.push(tookMs);
    }
  }
  return samples;
};

/**
 * How likely a sample of `one` is to be the longer of a pair: 0.5 where they are alike, 0 or 1 where a single sample
 * would tell them apart.
 */
export const chanceOfLonger = (one: readonly number[], other: readonly number[]): number => {
  let longer = 0;
  for (const a of one) {
    for (const b of other) longer += a > b ? 1 : a === b ? 0.5 : 0;
  }
  return longer / (one.length * other.length);
};
