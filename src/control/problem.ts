/** For work on many things, where a failure with one must not keep it from the others. */

import { RequestError } from '../errors.ts';

/** Why it could not be done, one sentence; null: it was done. @throws whatever is no RequestError */
export async function problemOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
}
