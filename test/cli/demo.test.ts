/** The demo as a person meets it: a real process on an embedded PostgreSQL, started, used, killed, started again. */

import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { pollUntil } from '../support/poll.ts';
import { startCli } from './run.ts';

const run = promisify(execFile);

let root: string;
let directory: string;
let port: number;
let consolePort: number;
const started: ReturnType<typeof startCli>[] = [];

const listens = (onPort: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(onPort, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const start = (options: { dir?: string; port?: number } = {}) => {
  const demo = startCli(root, [
    'demo',
    '--dir',
    options.dir ?? directory,
    '--port',
    String(options.port ?? port),
    '--console-port',
    String(consolePort),
  ]);
  started.push(demo);
  return demo;
};

const startReady = async (options: { port?: number } = {}) => {
  const demo = start(options);
  await pollUntil(
    () => {
      if (demo.child.exitCode !== null) throw new Error(demo.texts.err);
      return demo.texts.out.includes('\nPostern is ready\n');
    },
    { timeoutMs: 50_000 },
  );
  return demo;
};

/** What a shell has after `. demo.env`. */
const loadEnvironment = async (): Promise<Record<string, string>> => {
  const { stdout } = await run('/bin/sh', ['-c', '. "$1" && env', 'sh', join(directory, 'demo.env')], {
    env: {},
  });
  const variables = stdout.trim().split('\n');
  return Object.fromEntries(
    variables.filter((line) => /^(PG|POSTERN_)/.test(line)).map((line) => line.split(/=(.*)/s, 2)),
  );
};

/** Runs one query as psql would with these variables. */
const query = async (sql: string, variables: Record<string, string>) => {
  const { PGSSLROOTCERT = '', PGSSLCERT = '', PGSSLKEY = '', PGHOST = '', PGPORT } = variables;
  const client = new pg.Client({
    host: PGHOST,
    port: Number(PGPORT),
    user: variables['PGUSER'],
    password: variables['PGPASSWORD'],
    database: variables['PGDATABASE'],
    ssl: {
      ca: await readFile(PGSSLROOTCERT),
      cert: await readFile(PGSSLCERT),
      key: await readFile(PGSSLKEY),
      host: PGHOST,
      rejectUnauthorized: true,
    },
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

const postmaster = async () => {
  const lines = (await readFile(join(directory, 'postgres/data/postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]) };
};

const stopBySignal = async (demo: ReturnType<typeof startCli>, signal: 'SIGINT' | 'SIGTERM') => {
  const { port: postgresPort } = await postmaster();
  demo.child.kill(signal);
  const { code, err } = await demo.ended;
  expect({ code, lastLine: err.trim().split('\n').at(-1) }).toEqual({ code: 0, lastLine: 'Stopping …' });
  expect(await listens(port)).toBe(false);
  expect(await listens(consolePort)).toBe(false);
  expect(await listens(postgresPort)).toBe(false);
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'postern-demo-'));
  // As root PostgreSQL runs as another user, who must get through to its data.
  await chmod(root, 0o755);
  directory = join(root, "it's here");
  port = await freePort();
  consolePort = await freePort();
});

afterAll(async () => {
  for (const { child, ended } of started) {
    child.kill('SIGINT');
    await ended;
  }
  await rm(root, { recursive: true, force: true });
});

test('a first start leaves files with which a client reads what the reader key was granted and nothing else', async () => {
  const demo = await startReady();
  const variables = await loadEnvironment();
  expect(Object.keys(variables).sort()).toEqual([
    'PGDATABASE',
    'PGHOST',
    'PGPASSWORD',
    'PGPORT',
    'PGSSLCERT',
    'PGSSLKEY',
    'PGSSLMODE',
    'PGSSLROOTCERT',
    'PGUSER',
    'POSTERN_ADMIN_TOKEN',
    'POSTERN_CONSOLE_URL',
    'POSTERN_MASTER_KEY',
    'POSTERN_READER_KEY',
  ]);
  expect(variables).toMatchObject({ PGPORT: String(port), PGUSER: 'demo', PGSSLMODE: 'verify-full' });
  const towns = 'SELECT count(*)::int AS n, min(lat) > 40 AND max(lat) < 50 AS placed FROM places.towns';
  expect(await query(towns, variables)).toEqual([{ n: 1200, placed: true }]);

  const budgets = 'SELECT count(*)::int AS n FROM finance.town_budgets';
  await expect(query(budgets, variables)).rejects.toMatchObject({ code: '42501' });
  const asMaster = { ...variables, PGPASSWORD: variables['POSTERN_MASTER_KEY'] ?? '' };
  expect(await query(budgets, asMaster)).toEqual([{ n: 1200 }]);
  await expect(query(towns, { ...variables, PGPASSWORD: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
  await query('CREATE TABLE places.mine AS SELECT 1 AS kept', asMaster);

  for (const name of ['demo.env', 'postern.yaml', 'secrets/sealing-key', 'secrets/postgres-password']) {
    expect((await stat(join(directory, name))).mode & 0o777, name).toBe(0o600);
  }
  const configuration = await readFile(join(directory, 'postern.yaml'), 'utf8');
  for (const name of await readdir(join(directory, 'secrets'))) {
    expect(configuration).not.toContain((await readFile(join(directory, 'secrets', name), 'utf8')).trim());
  }

  const second = await start({ port: await freePort() }).ended;
  expect(second).toEqual({
    code: 1,
    out: '',
    err: `postern: A demo is already running in ${directory}: use that one, stop it, or give another directory with --dir.\n`,
  });
  const elsewhere = await start({ dir: join(root, 'other') }).ended;
  expect(elsewhere).toEqual({
    code: 1,
    out: '',
    err: `postern: Port ${port} of 127.0.0.1 is taken: stop what listens there, or choose another port with --port.\n`,
  });
  expect(await readdir(root)).toEqual(["it's here"]);
  await stopBySignal(demo, 'SIGINT');
}, 90_000);

test('a second start on another port keeps data, keys and certificate, and its files say the new port', async () => {
  const before = await loadEnvironment();
  const certificate = await readFile(join(directory, 'client/client.crt'), 'utf8');
  port = await freePort();
  const demo = await startReady();
  const after = await loadEnvironment();
  expect(after).toEqual({ ...before, PGPORT: String(port) });
  expect(await readFile(join(directory, 'client/client.crt'), 'utf8')).toBe(certificate);
  expect(await readFile(join(directory, 'client/pg_service.conf'), 'utf8')).toContain(`\nport=${port}\n`);
  const asMaster = { ...after, PGPASSWORD: after['POSTERN_MASTER_KEY'] ?? '' };
  expect(await query('SELECT kept FROM places.mine', asMaster)).toEqual([{ kept: 1 }]);
  await stopBySignal(demo, 'SIGTERM');
}, 90_000);

test('a start after a kill stops the PostgreSQL that was left and replaces what was revoked meanwhile', async () => {
  const killed = await startReady();
  const revoke = ['certificate', 'revoke', 'demo', 'first', '--config', join(directory, 'postern.yaml')];
  expect(await startCli(root, revoke).ended).toMatchObject({ code: 0 });
  const left = await postmaster();
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(await listens(left.port)).toBe(true);

  const demo = await startReady();
  const now = await postmaster();
  expect(now.pid).not.toBe(left.pid);
  expect(now.port).toBe(left.port);
  const variables = await loadEnvironment();
  expect(await query('SELECT current_database() AS name', variables)).toEqual([{ name: 'geography' }]);
  const pem = await readFile(variables['PGSSLCERT'] ?? '');
  expect(new X509Certificate(pem).subject).toBe('CN=demo');
  expect(demo.texts.out).toContain('certificate revoke demo first-2\n');

  // PostgreSQL itself dies under the running demo.
  process.kill(now.pid, 'SIGKILL');
  const { code, err } = await demo.ended;
  expect({ code, lastLine: err.trim().split('\n').at(-1) }).toEqual({
    code: 1,
    lastLine: `postern: PostgreSQL of the demo ended by itself (SIGKILL): ${join(directory, 'postgres/postgres.log')} says why; start the demo again.`,
  });
  expect(await listens(port)).toBe(false);
  await pollUntil(async () => !(await listens(now.port)));
}, 90_000);

test("a directory with somebody else's files is not touched", async () => {
  const foreign = await mkdtemp(join(root, 'foreign-'));
  await writeFile(join(foreign, 'thesis.txt'), 'do not lose');
  expect(await start({ dir: foreign }).ended).toEqual({
    code: 1,
    out: '',
    err: `postern: The directory ${foreign} holds other files than a demo's: give an empty or a new one with --dir.\n`,
  });
  expect(await readdir(foreign)).toEqual(['thesis.txt']);
});
