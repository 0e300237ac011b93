/** The place of a bundle, taken before the bundle exists. */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withReservedFile } from '../../src/cli/reserved-file.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postern-file-'));
  path = join(directory, 'bundle.zip');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a reserved file', () => {
  test('is there with its content, for its owner only', async () => {
    const result = await withReservedFile(path, async (write) => {
      expect(await readdir(directory)).toEqual(['bundle.zip']);
      await write(Buffer.from('content'));
      return 7;
    });
    expect(result).toBe(7);
    expect(await readFile(path, 'utf8')).toBe('content');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['bundle.zip']);
  });

  test('is gone when what should go into it was not made', async () => {
    const refused = withReservedFile(path, () => Promise.reject(new Error('no')));
    await expect(refused).rejects.toThrow('no');
    expect(await readdir(directory)).toEqual([]);
  });

  test('never takes the place of another, and then makes nothing', async () => {
    await writeFile(path, 'mine');
    let asked = false;
    const refused = withReservedFile(path, async () => {
      asked = true;
    });
    await expect(refused).rejects.toThrow(`${path} exists and is never overwritten: choose another name.`);
    expect(asked).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  test('tells when writing fails, and leaves nothing', async () => {
    const refused = withReservedFile(path, async (write) => {
      await rm(directory, { recursive: true });
      await write(Buffer.from('content'));
    });
    await expect(refused).rejects.toThrow(`${path} cannot be written (ENOENT): nothing was left there.`);
  });
});
