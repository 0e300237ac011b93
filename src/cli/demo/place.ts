/**
 * The demo's directory: what lies where, and how it comes to be. Every file appears whole or not at all, so that a
 * demo that was killed at any moment is finished by the next start. A directory with somebody else's files in it is
 * never touched.
 */

import { access, chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RequestError } from '../../errors.ts';

export interface Place {
  readonly directory: string;
  /** Made first, so it also tells a demo's directory from others. */
  readonly lock: string;
  readonly secrets: string;
  readonly authority: string;
  readonly postgres: string;
  readonly client: string;
  readonly configuration: string;
  readonly environment: string;
  readonly log: string;
}

export const placeOf = (directory: string): Place => {
  const root = resolve(directory);
  return {
    directory: root,
    lock: join(root, 'demo.lock'),
    secrets: join(root, 'secrets'),
    authority: join(root, 'authority'),
    postgres: join(root, 'postgres'),
    client: join(root, 'client'),
    configuration: join(root, 'postern.yaml'),
    environment: join(root, 'demo.env'),
    log: join(root, 'postern.log'),
  };
};

const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** null: there is none. */
export const readIfThere = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
};

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * @returns whether a demo has been here before
 * @throws RequestError when something else lives there
 */
export const inspectPlace = async (place: Place): Promise<boolean> => {
  let names: string[];
  try {
    names = await readdir(place.directory);
  } catch (error) {
    if (missing(error)) return false;
    throw new RequestError(
      `The directory ${place.directory} cannot be used (${(error as NodeJS.ErrnoException).code}): give another one with --dir.`,
    );
  }
  if (names.length === 0) return false;
  if (names.some((name) => join(place.directory, name) === place.lock)) return true;
  throw new RequestError(
    `The directory ${place.directory} holds other files than a demo's: give an empty or a new one with --dir.`,
  );
};

/** @throws RequestError when the directory cannot be made */
export const makePlace = async (place: Place): Promise<void> => {
  try {
    await mkdir(place.directory, { recursive: true });
    // PostgreSQL may run as another user (`system-user.ts`), who must get through to its own data.
    await chmod(place.directory, 0o711);
  } catch (error) {
    throw new RequestError(
      `The directory ${place.directory} cannot be made (${(error as NodeJS.ErrnoException).code}): give another one with --dir.`,
    );
  }
};

/** Replaces the file in one step. */
export const writeWhole = async (path: string, content: string | Buffer, mode: number): Promise<void> => {
  const fresh = `${path}.new`;
  await writeFile(fresh, content, { mode });
  // `mode` counts only for a file that is made, and is subject to the umask.
  await chmod(fresh, mode);
  await rename(fresh, path);
};

/** null: not kept yet. */
export const readSecret = async (place: Place, name: string): Promise<string | null> =>
  (await readIfThere(join(place.secrets, name)))?.trim() ?? null;

export const writeSecret = async (place: Place, name: string, text: string): Promise<void> => {
  await mkdir(place.secrets, { recursive: true, mode: 0o700 });
  await writeWhole(join(place.secrets, name), `${text}\n`, 0o600);
};

/** The kept secret; made by `make` the first time. */
export const keepSecret = async (place: Place, name: string, make: () => string): Promise<string> => {
  const kept = await readSecret(place, name);
  if (kept !== null) return kept;
  const made = make();
  await writeSecret(place, name, made);
  return made;
};
