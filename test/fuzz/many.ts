/** Many at a time, and how many there were in a second. */

/** @returns how many a second */
export const inParallel = async (
  width: number,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<number> => {
  const beganAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
  return Math.round(count / ((performance.now() - beganAt) / 1000));
};
