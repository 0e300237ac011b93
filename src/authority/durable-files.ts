/**
 * Changes of files that are whole or have not happened, whatever kills the process or the machine: written beside, synced,
 * renamed, and the directory synced. Owner and mode stay, so that a Postern that runs as somebody else reads on. All of it
 * can be repeated; what an interrupted write leaves is written over by the next.
 */

import { link, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RequestError } from '../errors.ts';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** @throws RequestError that names the file and what the system says */
const onFile = async (file: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    throw new RequestError(
      `The file ${file} cannot be changed (${codeOf(error) ?? 'unknown reason'}): put that right and run this again, it goes on where it stopped.`,
      { cause: error },
    );
  }
};

const syncDirectory = async (file: string): Promise<void> => {
  await using directory = await open(dirname(file), 'r');
  await directory.sync();
};

/** Where links lead to; a link that is written over would cut off whoever else reads its target. */
const targetOf = (file: string): Promise<string> =>
  realpath(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return file;
    throw error;
  });

/** @param options the file whose owner it gets, and whose mode unless another one is given */
export const writeDurably = (
  file: string,
  content: string,
  { like, mode }: { readonly like: string; readonly mode?: number },
): Promise<void> =>
  onFile(file, async () => {
    const target = await targetOf(file);
    const model = await stat(like);
    const part = `${target}.part`;
    await rm(part, { force: true });
    {
      // Exclusive: nobody has slipped a file of theirs in, and there is no moment with wider rights than it shall have.
      await using handle = await open(part, 'wx', 0o600);
      const made = await handle.stat();
      if (made.uid !== model.uid || made.gid !== model.gid) await handle.chown(model.uid, model.gid);
      await handle.chmod(mode ?? model.mode & 0o7777);
      await handle.writeFile(content);
      await handle.sync();
    }
    await rename(part, target);
    await syncDirectory(target);
  });

/** Other content, everything else as it was. */
export const replaceDurably = (file: string, content: string): Promise<void> =>
  writeDurably(file, content, { like: file });

/** `file` gets the content of `next`, which is gone afterwards; what it had before is kept as `old`, if it was there. */
export const exchangeDurably = (file: string, next: string, old: string): Promise<void> =>
  onFile(file, async () => {
    const target = await targetOf(file);
    await keep(target, old);
    await rename(next, target);
    await syncDirectory(target);
    if (dirname(next) !== dirname(target)) await syncDirectory(next);
  });

const keep = async (file: string, old: string): Promise<void> => {
  try {
    await link(file, old);
  } catch (error) {
    // Nothing to keep, or an interrupted run has kept it.
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  }
};

export const removeDurably = (file: string): Promise<void> =>
  onFile(file, async () => {
    await rm(file, { force: true });
    await syncDirectory(file);
  });

/** null: there is no such file. @throws RequestError when it cannot be read */
export const readIfThere = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new RequestError(`The file ${file} cannot be read (${codeOf(error) ?? 'unknown reason'}).`);
  }
};
