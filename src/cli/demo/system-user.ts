/**
 * Who PostgreSQL runs as. It refuses to run as root, so root's demo borrows an unprivileged user that the machine
 * already has; no user is created and nothing on the machine is changed.
 */

import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { RequestError } from '../../errors.ts';

const run = promisify(execFile);

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const lookUp = async (name: string): Promise<SystemUser | null> => {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
};

/**
 * null: the user who runs this program.
 * @throws RequestError for root on a machine without a user to borrow
 */
export const findSystemUser = async (): Promise<SystemUser | null> => {
  if (userInfo().uid !== 0) return null;
  const found = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (found === null) {
    throw new RequestError(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody": start the demo as another user.',
    );
  }
  return found;
};

/** @throws RequestError naming the directory that keeps the user from `path`, which exists */
export const requireReachable = async (path: string, user: SystemUser | null): Promise<void> => {
  if (user === null) return;
  for (let directory = path; ; directory = dirname(directory)) {
    const { mode, uid, gid } = await stat(directory);
    const mayEnter = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & mayEnter) === 0) {
      throw new RequestError(
        `PostgreSQL does not run as root but as "${user.name}", who may not enter ${directory} on the way to ${path}: start the demo as an ordinary user, or move it where everybody may enter.`,
      );
    }
    if (directory === dirname(directory)) return;
  }
};
