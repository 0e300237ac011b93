/**
 * Creating something once although answers get lost: each request of a form keeps its Idempotency-Key until it has
 * succeeded, so that asking again, by itself or by the person, gives the first answer with its secret. What a refusal
 * did not create may be asked for with the same key too.
 */

import { Problem } from './problem.ts';

/** Of one form: what it asked for → the key under which. */
export type CreationKeys = Map<string, string>;

/** Before each further try; a longer Retry-After counts, up to the longest wait. */
const waitsMs = [1_000, 2_000, 4_000];
const longestWaitMs = 10_000;

/** Nobody knows whether it was created, or will be. */
const isUndecided = (thrown: unknown): boolean =>
  thrown instanceof TypeError ||
  (thrown instanceof Problem && ([502, 503, 504].includes(thrown.status) || thrown.code === 'still-running'));

const waitAfter = (thrown: unknown, usualMs: number): number => {
  const askedMs = thrown instanceof Problem ? (thrown.retryAfterSeconds ?? 0) * 1_000 : 0;
  return Math.min(longestWaitMs, Math.max(usualMs, askedMs));
};

/**
 * @param request what is asked for, as text: another request gets another key
 * @param ask sends it with this key; what it throws last is thrown
 */
export async function createOnce<T>(
  keys: CreationKeys,
  request: string,
  ask: (key: string) => Promise<T>,
  wait: (ms: number) => Promise<void>,
): Promise<T> {
  const key = keys.get(request) ?? crypto.randomUUID();
  keys.set(request, key);
  for (const usualMs of waitsMs) {
    try {
      return await asked();
    } catch (thrown) {
      if (!isUndecided(thrown)) throw thrown;
      await wait(waitAfter(thrown, usualMs));
    }
  }
  return asked();

  async function asked(): Promise<T> {
    const answer = await ask(key);
    keys.delete(request);
    return answer;
  }
}
