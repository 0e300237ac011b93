/** Waiting for something, but not for ever. */

/** What the promise resolves with, or `late` when that takes too long; leaves no timer behind. */
export const within = async <T, Late>(
  patienceMs: number,
  promise: Promise<T>,
  late: Late,
): Promise<T | Late> => {
  const { promise: tooLong, resolve } = Promise.withResolvers<Late>();
  const timer = setTimeout(() => resolve(late), patienceMs);
  try {
    return await Promise.race([promise, tooLong]);
  } finally {
    clearTimeout(timer);
  }
};
