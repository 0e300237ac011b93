/**
 * A file that is promised before what goes into it exists: its place is taken first, so that a secret which is
 * given out once is not made for a place that cannot be written to. Appears whole or not at all, readable by its
 * owner only; never overwrites another.
 */

import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { RequestError } from '../errors.ts';

const ownerOnly = 0o600;

const refusal = (path: string, error: unknown): RequestError => {
  const { code } = error as NodeJS.ErrnoException;
  return new RequestError(
    code === 'EEXIST'
      ? `${path} exists and is never overwritten: choose another name.`
      : `${path} cannot be written (${code}): nothing was left there.`,
  );
};

const writeWhole = async (path: string, content: Buffer): Promise<void> => {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(part, 'wx', ownerOnly);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw refusal(path, error);
  }
};

/**
 * Takes the place `path`, gives it to `fill`, which calls `write` once; if it does not or throws, the place is empty
 * again.
 * @throws RequestError when the file exists or cannot be written, and whatever `fill` throws
 */
export const withReservedFile = async <T>(
  path: string,
  fill: (write: (content: Buffer) => Promise<void>) => Promise<T>,
): Promise<T> => {
  try {
    await (await open(path, 'wx', ownerOnly)).close();
  } catch (error) {
    throw refusal(path, error);
  }
  let written = false;
  try {
    return await fill(async (content) => {
      await writeWhole(path, content);
      written = true;
    });
  } finally {
    if (!written) await rm(path, { force: true });
  }
};
