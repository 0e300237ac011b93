/**
 * The life of the demo's PostgreSQL: a cluster in DIR/postgres on a loopback port of its own. It leads its own process
 * group, so that the terminal's Ctrl-C reaches Postern alone and the sessions through the gate end with their reason.
 * It outlives this program only when that is killed outright; the next start then stops it first.
 */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { RequestError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { sqlstateOf } from '../../postgres/errors.ts';
import type { Binaries } from './binaries.ts';
import { readIfThere, writeWhole } from './place.ts';
import { findFreePort } from './ports.ts';
import { requireReachable, type SystemUser } from './system-user.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  /** Holds the data, the server's log and its port. */
  readonly directory: string;
  readonly binaries: Binaries;
  readonly systemUser: SystemUser | null;
  /** Of the superuser `postgres`; may stand in a URL as it is. */
  readonly password: string;
}

export interface RunningPostgres {
  readonly port: number;
  /** Superuser URL of a database. */
  readonly url: (database: string) => string;
  /** Resolves when the server has ended without `stop()`, with the sentence that says so. */
  readonly died: Promise<RequestError>;
  /** Ends all sessions and waits until the server is gone. */
  readonly stop: () => Promise<void>;
}

const settings = {
  listen_addresses: '127.0.0.1',
  // A path in a deep directory would be too long for a socket (107 bytes).
  unix_socket_directories: '',
  shared_buffers: '64MB',
  log_timezone: 'UTC',
  timezone: 'UTC',
};
const startTimeoutMs = 60_000;
const pollIntervalMs = 50;

const dataOf = ({ directory }: PostgresOptions): string => join(directory, 'data');
const logOf = ({ directory }: PostgresOptions): string => join(directory, 'postgres.log');
const urlOf = (options: PostgresOptions, port: number, database: string): string =>
  `postgresql://postgres:${options.password}@127.0.0.1:${port}/${database}`;

/** uid and gid for `spawn`; it starts in a directory that its user may surely enter. */
const asUser = (user: SystemUser | null) => (user === null ? {} : { uid: user.uid, gid: user.gid, cwd: '/' });

/**
 * Makes the cluster beside its place and moves it there when it is whole. Under a new name each time: an `initdb`
 * whose demo was killed may still be at work, and removes its own directory when it fails.
 */
const makeCluster = async (options: PostgresOptions): Promise<void> => {
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

const stopServer = async (options: PostgresOptions, mode: 'fast' | 'immediate'): Promise<void> => {
  const { binaries, systemUser } = options;
  await run(
    binaries.pgCtl,
    ['stop', '-D', dataOf(options), '-m', mode, '-w', '-t', '20'],
    asUser(systemUser),
  );
};

/**
 * A demo that was killed has left its server running. The process id in `postmaster.pid` may be somebody else's by
 * now, so it counts only when a server with our password and our data answers on the port that stands there.
 */
const stopLeftover = async (options: PostgresOptions): Promise<void> => {
  const lines = (await readIfThere(join(dataOf(options), 'postmaster.pid')))?.split('\n');
  const port = Number(lines?.[3]);
  if (!Number.isInteger(port)) return;
  const connection = await connect({
    url: urlOf(options, port, 'postgres'),
    applicationName: 'postern demo',
    connectTimeoutMs: 2_000,
  }).catch(() => null);
  if (connection === null) return;
  const { rows } = await connection.query<{ directory: string }>(
    "SELECT current_setting('data_directory') AS directory",
  );
  await connection.close();
  if (rows[0]?.directory === dataOf(options)) await stopServer(options, 'fast');
};

/** The port of last time if it is free. */
const choosePort = async ({ directory }: PostgresOptions): Promise<number> => {
  const file = join(directory, 'port');
  const kept = await readIfThere(file);
  const port = await findFreePort(kept === null ? null : Number(kept));
  if (kept?.trim() !== String(port)) await writeWhole(file, `${port}\n`, 0o600);
  return port;
};

/** @throws RequestError when the server does not answer in time, or has ended */
const waitUntilReady = async (
  options: PostgresOptions,
  port: number,
  ended: () => boolean,
): Promise<void> => {
  const deadline = performance.now() + startTimeoutMs;
  while (!ended() && performance.now() < deadline) {
    try {
      const connection = await connect({
        url: urlOf(options, port, 'postgres'),
        applicationName: 'postern demo',
      });
      return await connection.close();
    } catch (error) {
      if (sqlstateOf(error) === '28P01') {
        throw new RequestError(
          `PostgreSQL in ${options.directory} has another password than the demo's secrets: remove the demo's directory to begin anew.`,
        );
      }
      await delay(pollIntervalMs);
    }
  }
  throw new RequestError(`PostgreSQL did not start: ${logOf(options)} says why.`);
};

/**
 * Makes the cluster if there is none and starts it.
 * @throws RequestError one sentence; nothing is left running
 */
export const startPostgres = async (options: PostgresOptions): Promise<RunningPostgres> => {
  const { binaries, systemUser, directory } = options;
  await requireReachable(dirname(directory), systemUser);
  await requireReachable(dirname(binaries.postgres), systemUser);
  if ((await readIfThere(join(dataOf(options), 'PG_VERSION'))) === null) await makeCluster(options);
  else await stopLeftover(options);
  const port = await choosePort(options);

  await using log = await open(logOf(options), 'a', 0o600);
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(binaries.postgres, ['-D', dataOf(options), '-p', String(port), ...flags], {
    ...asUser(systemUser),
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  let stopping = false;
  const ended = () => server.exitCode !== null || server.signalCode !== null;
  const { promise: died, resolve: reportDeath } = Promise.withResolvers<RequestError>();
  server.once('exit', (code, signal) => {
    if (stopping) return;
    reportDeath(
      new RequestError(
        `PostgreSQL of the demo ended by itself (${signal ?? `exit code ${code}`}): ${logOf(options)} says why; start the demo again.`,
      ),
    );
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    if (server.pid === undefined || ended()) return;
    const exited = once(server, 'exit');
    await stopServer(options, 'fast').catch(() => stopServer(options, 'immediate'));
    await exited;
  };
  try {
    await once(server, 'spawn');
    await waitUntilReady(options, port, ended);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, url: (database) => urlOf(options, port, database), died, stop };
};
