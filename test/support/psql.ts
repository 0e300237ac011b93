/**
 * psql as people run it: a process of its own, with the files of an unpacked bundle and nothing of this machine's
 * own settings. Where psql is missing its tests are skipped, and say so.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface PsqlResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningPsql {
  readonly process: ChildProcess;
  readonly result: Promise<PsqlResult>;
}

/** What libpq reads from the environment: https://www.postgresql.org/docs/current/libpq-envars.html */
export type LibpqEnvironment = Readonly<Record<string, string | undefined>>;

export const psqlMissing = spawnSync('psql', ['--version']).status !== 0;
if (psqlMissing) process.stderr.write('psql is not installed: its tests are SKIPPED.\n');

/**
 * Runs a command line of the shell in which `psql` is the real one, quiet, unaligned and without start-up file.
 * @param environment added to an environment that has no PG* variable and no home directory of its own
 */
export const startInShell = (
  commandLine: string,
  environment: LibpqEnvironment,
  directory: string,
): RunningPsql => {
  const child = spawn('sh', ['-c', commandLine], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      LC_ALL: 'C.UTF-8',
      PGCONNECT_TIMEOUT: '20',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const result = Promise.all([status, text(child.stdout), text(child.stderr)]).then(
    ([code, stdout, stderr]) => ({ status: code, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() }),
  );
  return { process: child, result };
};

/** Each command as one `-c`; the process is psql itself, so that signals reach it. */
export const startPsql = (
  commands: readonly string[],
  environment: LibpqEnvironment,
  directory: string,
  conninfo?: string,
): RunningPsql => {
  const quoted = [...commands.flatMap((command) => ['-c', command]), ...(conninfo ? [conninfo] : [])].map(
    (argument) => `'${argument.replaceAll("'", "'\\''")}'`,
  );
  return startInShell(`exec psql -XqAt ${quoted.join(' ')}`, environment, directory);
};
