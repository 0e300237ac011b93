/** How much more memory this process takes while something happens: the gate of a test runs in the test's process. */

const sampleMs = 20;

/** @returns the most that resident memory grew by while `work` ran, in bytes, next to its result */
export const withMemoryGrowth = async <T>(
  work: () => Promise<T>,
): Promise<{ result: T; grownBytes: number }> => {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, sampleMs);
  try {
    const result = await work();
    return { result, grownBytes: most - before };
  } finally {
    clearInterval(timer);
  }
};
