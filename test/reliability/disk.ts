/** A disk of a few megabytes that a test can fill and clear: a file system in memory, gone with the test. */

import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  readonly directory: string;
  /** Resolves when not one byte is left. */
  fill(): Promise<void>;
  clear(): Promise<void>;
}

export const mountSmallDisk = async (
  running: AsyncDisposableStack,
  directory: string,
  megabytes: number,
): Promise<SmallDisk> => {
  await mkdir(directory);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', directory]);
  running.defer(async () => {
    // Lazily: whoever has files open there may be about to end.
    await run('umount', ['--lazy', directory]);
    await rm(directory, { recursive: true });
  });
  const ballast = join(directory, 'ballast');
  return {
    directory,
    fill: async () => {
      const all = Buffer.alloc(megabytes * 1024 * 1024);
      await writeFile(ballast, all).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
      });
    },
    clear: () => rm(ballast),
  };
};
