/**
 * What a violated unique constraint means to the person who asked. Checking first and inserting then would leave a
 * gap between the two; so we insert, and translate what the store refuses.
 */

import { RequestError } from '../errors.ts';
import { violatedConstraint } from '../postgres/errors.ts';

/**
 * Runs `write`; a violation of one of the named constraints becomes a RequestError with its sentence.
 * The transaction around it is lost either way.
 */
export const refuseDuplicates = async <T>(
  sentences: Readonly<Record<string, string>>,
  write: () => Promise<T>,
): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    const constraint = violatedConstraint(error);
    const sentence = constraint === undefined ? undefined : sentences[constraint];
    if (sentence === undefined) {
      throw error;
    }
    throw new RequestError(sentence, { cause: error });
  }
};
