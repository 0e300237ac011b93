/** A PostgreSQL that can be stopped and started: data in a directory of its own, on an address of its own. */

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pollUntil } from '../support/poll.ts';
import { serverPrograms } from './tools.ts';

/** Plain values: the set-up makes it, tests stop and start it. */
export interface Cluster {
  readonly directory: string;
  readonly address: string;
  /** The same server, for instances whose way to it is to be cut while the test still has its own. */
  readonly wayAddress: string;
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

/**
 * Starts a stopped cluster again: when it is called, and at the end of the test otherwise.
 * @param stopped resolves when it is down
 */
export const startAgainBy = (
  running: AsyncDisposableStack,
  cluster: Cluster,
  stopped: Promise<void> = Promise.resolve(),
): (() => Promise<void>) => {
  let isAway = true;
  const bringBack = async (): Promise<void> => {
    await stopped;
    if (isAway) await startCluster(cluster);
    isAway = false;
  };
  running.defer(bringBack);
  return bringBack;
};

/** As when the machine's power goes: every process of it by SIGKILL. */
export const killCluster = async ({ directory }: Cluster): Promise<void> => {
  const [pid = ''] = (await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8')).split('\n');
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  for (const killed of [pid, ...children]) process.kill(Number(killed), 'SIGKILL');
  await pollUntil(() => [pid, ...children].every((killed) => !existsSync(`/proc/${killed}`)));
};

const ownDirectory = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true });
  await giveToServer(directory);
};

const clusterAt = (directory: string, address: string, wayAddress: string): Cluster => ({
  directory,
  address,
  wayAddress,
  url: `postgresql://postgres:postgres@${address}:5432/postgres`,
});

/** A hot standby of it, which streams. Not started. */
export const createStandby = async (
  primary: Cluster,
  directory: string,
  address: string,
): Promise<Cluster> => {
  await ownDirectory(directory);
  const data = join(directory, 'data');
  await run(
    join(programs, 'pg_basebackup'),
    ['-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync', '-d', primary.url],
    { ...serverUser, cwd: '/' },
  );
  await appendFile(join(data, 'postgresql.auto.conf'), `listen_addresses = '${address}'\n`);
  return clusterAt(directory, address, address);
};

/** Resolves when it takes writes. */
export const promote = (standby: Cluster): Promise<void> => control(standby, 'promote');

/** @param more settings of postgresql.conf, without quotes */
export const createCluster = async (
  directory: string,
  address: string,
  more: Readonly<Record<string, string>> = {},
  wayAddress = address,
): Promise<Cluster> => {
  await ownDirectory(directory);
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, 'postgres');
  await giveToServer(passwordFile);
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
  const lines = Object.entries({
    ...settings,
    ...more,
    listen_addresses: [...new Set([address, wayAddress])].join(','),
  });
  await writeFile(
    join(data, 'postgresql.auto.conf'),
    lines.map(([name, value]) => `${name} = '${value}'\n`).join(''),
  );
  return clusterAt(directory, address, wayAddress);
};
