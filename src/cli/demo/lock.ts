/**
 * One demo per directory. The lock is SQLite's on a file of its own: the operating system takes it back when the
 * process ends, however that ends, so there is no stale lock to reason about. Nothing is ever stored in the file.
 */

import { DatabaseSync } from 'node:sqlite';
import { RequestError } from '../../errors.ts';

const busy = 5;

/**
 * Holds the directory until the returned function is called or the process ends.
 * @param file made if missing; its directory must exist
 * @throws RequestError when another demo holds it
 */
export const lockDirectory = (directory: string, file: string): (() => void) => {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== busy) throw error;
    throw new RequestError(
      `A demo is already running in ${directory}: use that one, stop it, or give another directory with --dir.`,
    );
  }
  return () => database.close();
};
