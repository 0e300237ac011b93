/** A PostgreSQL that can be stopped and started: data in a directory of its own, on an address of its own. */

import { execFile, spawnSync } from 'node:child_process';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverPrograms } from './tools.ts';

/** Plain values: the set-up makes it, tests stop and start it. */
export interface Cluster {
  readonly directory: string;
  readonly address: string;
  /** Superuser URL of the database `postgres`. */
  readonly url: string;
}

const run = promisify(execFile);
const programs = serverPrograms();

const idOf = (option: '-u' | '-g', user: string): number => {
  const { status, stdout } = spawnSync('id', [option, user], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : 65_534;
};

/** PostgreSQL refuses to run as root, and so do others. undefined: as whoever runs this */
export const serverUser =
  userInfo().uid === 0 ? { uid: idOf('-u', 'postgres'), gid: idOf('-g', 'postgres') } : undefined;

/** So that a server can read and own them. */
export const giveToServer = async (...paths: string[]): Promise<void> => {
  if (serverUser) for (const path of paths) await chown(path, serverUser.uid, serverUser.gid);
};

const settings = {
  password_encryption: 'scram-sha-256',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
};

const control = async ({ directory }: Pick<Cluster, 'directory'>, ...args: string[]): Promise<void> => {
  const log = join(directory, 'server.log');
  // Without a pipe: the server would keep it open.
  const { code } = await run(
    'sh',
    ['-c', `exec "$@" >> '${log}.control' 2>&1`, 'sh', join(programs, 'pg_ctl'), '-w', '-l', log, ...args],
    { ...serverUser, cwd: '/', env: { PGDATA: join(directory, 'data'), PATH: process.env['PATH'] } },
  ).then(
    () => ({ code: 0 }),
    (error: { code: unknown }) => error,
  );
  if (code !== 0) throw new Error(`pg_ctl ${args.join(' ')} ended with ${code}; see ${log}`);
};

export const startCluster = (cluster: Cluster): Promise<void> => control(cluster, 'start');

/** @param mode `fast` ends what is connected; `immediate` is a crash */
export const stopCluster = (cluster: Cluster, mode: 'fast' | 'immediate' = 'fast'): Promise<void> =>
  control(cluster, 'stop', '-m', mode);

/** @param more settings of postgresql.conf, without quotes */
export const createCluster = async (
  directory: string,
  address: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Cluster> => {
  await mkdir(directory, { recursive: true });
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, 'postgres');
  await giveToServer(directory, passwordFile);
  const data = join(directory, 'data');
  await run(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '--no-sync',
      '--locale=C',
    ],
    { ...serverUser, cwd: '/' },
  );
  const lines = Object.entries({ ...settings, ...more, listen_addresses: address });
  await writeFile(
    join(data, 'postgresql.auto.conf'),
    lines.map(([name, value]) => `${name} = '${value}'\n`).join(''),
  );
  return { directory, address, url: `postgresql://postgres:postgres@${address}:5432/postgres` };
};
