/** Reads a file that a setting names. */

import { readFile } from 'node:fs/promises';
import { RequestError } from '../errors.ts';

/**
 * @param setting dotted name, for the person who has to correct it
 * @throws RequestError one sentence when the file cannot be read
 */
export const readSettingFile = async (file: string, setting: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RequestError(
      `The file ${file} (${setting}) cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
};
