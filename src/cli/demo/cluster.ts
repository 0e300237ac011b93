/**
 * The data directory of the demo's PostgreSQL, and as whom its programs run. It comes to be in one step, so that
 * what lies in DIR/postgres is a whole cluster.
 */

import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RequestError } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import { writeWhole } from './place.ts';
import type { SystemUser } from './system-user.ts';

const run = promisify(execFile);

export interface ClusterOptions {
  /** Holds the data, the server's log and its port. */
  readonly directory: string;
  readonly binaries: Binaries;
  readonly systemUser: SystemUser | null;
  /** Of the superuser `postgres`; may stand in a URL as it is. */
  readonly password: string;
}

export const dataOf = ({ directory }: Pick<ClusterOptions, 'directory'>): string => join(directory, 'data');

/** uid and gid for `spawn`; it starts in a directory that its user may surely enter. */
export const asUser = (user: SystemUser | null) =>
  user === null ? {} : { uid: user.uid, gid: user.gid, cwd: '/' };

/**
 * Makes the cluster beside its place and moves it there when it is whole. Under a new name each time: an `initdb`
 * whose demo was killed may still be at work, and removes its own directory when it fails.
 * @throws RequestError when `initdb` fails
 */
export const makeCluster = async (options: ClusterOptions): Promise<void> => {
  const { binaries, systemUser, directory, password } = options;
  const prefix = `${directory}.new-`;
  for (const name of await readdir(dirname(directory))) {
    const path = join(dirname(directory), name);
    if (path.startsWith(prefix)) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  }
  const fresh = await mkdtemp(prefix);
  const passwordFile = join(fresh, 'password');
  await writeWhole(passwordFile, `${password}\n`, 0o600);
  if (systemUser !== null) {
    for (const path of [fresh, passwordFile]) await chown(path, systemUser.uid, systemUser.gid);
  }
  const flags = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];
  try {
    await run(
      binaries.initdb,
      [`--pgdata=${join(fresh, 'data')}`, `--pwfile=${passwordFile}`, ...flags],
      asUser(systemUser),
    );
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? '';
    throw new RequestError(`PostgreSQL could not make its data directory ${directory}: ${said}`, {
      cause: error,
    });
  }
  await rm(passwordFile);
  await rename(fresh, directory);
};
