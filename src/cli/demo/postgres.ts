/**
 * The life of the demo's PostgreSQL: a cluster in DIR/postgres on a loopback port of its own. It leads its own process
 * group, so that the terminal's Ctrl-C reaches Postern alone and the sessions through the gate end with their reason.
 * It outlives this program only when that is killed outright; the next start then stops it first.
 */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { RequestError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { sqlstateOf } from '../../postgres/errors.ts';
import { asUser, type ClusterOptions, dataOf, makeCluster } from './cluster.ts';
import { readIfThere, writeWhole } from './place.ts';
import { findFreePort } from './ports.ts';
import { requireReachable } from './system-user.ts';

const run = promisify(execFile);

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
const stopTimeoutSeconds = 20;
const pollIntervalMs = 50;

const logOf = ({ directory }: ClusterOptions): string => join(directory, 'postgres.log');
const urlOf = (options: ClusterOptions, port: number, database: string): string =>
  `postgresql://postgres:${options.password}@127.0.0.1:${port}/${database}`;

/** Ends all sessions, and returns when the server is gone. */
const stopServer = async (options: ClusterOptions): Promise<void> => {
  const flags = ['-D', dataOf(options), '-m', 'fast', '-w', '-t', String(stopTimeoutSeconds)];
  await run(options.binaries.pgCtl, ['stop', ...flags], asUser(options.systemUser));
};

/**
 * A demo that was killed has left its server running. The process id in `postmaster.pid` may be somebody else's by
 * now, so it counts only when a server with our password and our data answers on the port that stands there.
 */
const stopLeftover = async (options: ClusterOptions): Promise<void> => {
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
  if (rows[0]?.directory === dataOf(options)) await stopServer(options);
};

/** The port of last time if it is free. */
const choosePort = async ({ directory }: ClusterOptions): Promise<number> => {
  const file = join(directory, 'port');
  const kept = await readIfThere(file);
  const port = await findFreePort(kept === null ? null : Number(kept));
  if (kept?.trim() !== String(port)) await writeWhole(file, `${port}\n`, 0o600);
  return port;
};

/** @throws RequestError when the server does not answer in time, or has ended */
const waitUntilReady = async (options: ClusterOptions, port: number, ended: () => boolean): Promise<void> => {
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
export const startPostgres = async (options: ClusterOptions): Promise<RunningPostgres> => {
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
  // Whatever ends this process early, a second Ctrl-C or a bug, the server is told to follow.
  const tell = () => void server.kill('SIGINT');
  process.on('exit', tell);
  let stopping = false;
  const ended = () => server.exitCode !== null || server.signalCode !== null;
  const { promise: died, resolve: reportDeath } = Promise.withResolvers<RequestError>();
  server.once('exit', (code, signal) => {
    process.off('exit', tell);
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
    await stopServer(options).catch(() => server.kill('SIGQUIT'));
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
