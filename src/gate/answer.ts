/** Waiting for the instance, which may be another process and may hang, for no longer than a login may take. */

import type { Awaitable, Denial } from './instance.ts';

/** @throws the signal's reason when that aborts before the answer is there */
export const answerWithin = async <T>(asked: Awaitable<T>, signal: AbortSignal): Promise<T> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/**
 * A place among those that are counted; one that is granted too late is given back.
 * @throws the signal's reason when that aborts before the answer is there
 */
export const placeWithin = async (
  asked: Awaitable<Denial | null>,
  signal: AbortSignal,
  giveBack: () => void,
): Promise<Denial | null> => {
  try {
    return await answerWithin(asked, signal);
  } catch (late) {
    void Promise.resolve(asked).then(
      (denial) => denial ?? giveBack(),
      () => undefined,
    );
    throw late;
  }
};
