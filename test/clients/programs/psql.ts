/**
 * The seven steps with psql, as the guide for it shows: a process for each command, with a connection string or, with
 * POSTERN_SERVICE, the service file of the bundle. POSTERN_MORE is put behind the connection string.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { note, parameters, readKey, tell, wait, writeKey } from './contract.ts';

const { host, port, database, user } = parameters;
const more = process.env['POSTERN_MORE'] ?? '';
const files = 'sslmode=verify-full sslcert=client.crt sslkey=client.key sslrootcert=server_ca.pem';
const byService = process.env['POSTERN_SERVICE'] === 'true';
const connection = byService
  ? `service=${user} ${more}`
  : `host=${host} port=${port} dbname=${database} user=${user} ${files} ${more}`;

interface Result {
  readonly out: string;
  readonly err: string;
}

const begin = (
  key: string,
  ...args: string[]
): { psql: ChildProcessWithoutNullStreams; result: Promise<Result> } => {
  const psql = spawn('psql', ['-XqAt', '-v', 'VERBOSITY=verbose', ...args, connection], {
    env: { ...process.env, PGPASSWORD: key, ...(byService ? { PGSERVICEFILE: 'pg_service.conf' } : {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const result = Promise.all([text(psql.stdout), text(psql.stderr)]).then(([out, err]) => ({
    out: out.trimEnd(),
    err: err.trimEnd(),
  }));
  return { psql, result };
};

const run = async (key: string, ...commands: string[]): Promise<Result> =>
  begin(key, ...commands.flatMap((command) => ['-c', command])).result;

/** psql's `ERROR:  42501: permission denied …`. */
const refused = ({ err }: Result) => ({
  message: err,
  sqlstate: /(?:ERROR|FATAL): {2}([0-9A-Z]{5}): /.exec(err)?.[1] ?? null,
});
const answer = async (key: string, ...commands: string[]): Promise<string> => {
  const { out, err } = await run(key, ...commands);
  if (err !== '') throw new Error(err);
  return out;
};

const version = (await begin('', '--version').result).out;
const whoami = 'SELECT current_user';
tell('connect', { version: /[\d.]+/.exec(version)?.[0], user: await answer(readKey, whoami) });

const described = await answer(readKey, '\\dt places.*');
tell('list', { tables: described.split('\n').map((line) => line.split('|')[1]) });

const ids = (await answer(readKey, 'SELECT * FROM places.towns'))
  .split('\n')
  .map((line) => Number.parseInt(line, 10));
tell('read', { rows: ids.length, sum: ids.reduce((sum, id) => sum + id, 0) });

const write = `INSERT INTO places.notes (text) VALUES ('${note.replaceAll("'", "''")}') RETURNING 1`;
tell('write', { rows: (await answer(writeKey, write)).split('\n').length });
tell('refuse', refused(await run(readKey, write)));

// Ctrl-C, and the same session goes on with the next command: by a notice, because psql prints no rows after Ctrl-C.
const notice = "DO $$ BEGIN RAISE NOTICE 'user %', current_user; END $$";
const sleeping = begin(readKey, '-c', 'SELECT pg_sleep(60)', '-c', notice);
await wait();
sleeping.psql.kill('SIGINT');
const interrupted = await sleeping.result;

// The certificate is revoked as soon as the cancel is told: this session has to stand by then.
const session = begin(readKey);
const { stdin, stdout } = session.psql;
stdin.on('error', () => undefined);
stdin.write(`${whoami};\n`);
const early = session.result.then(({ err }) => {
  throw new Error(`The session ended before it had answered: ${err}`);
});
await Promise.race([once(stdout, 'data'), early]);
early.catch(() => undefined);
tell('cancel', {
  ...refused(interrupted),
  user: /user (\S+)/.exec(interrupted.err.split('NOTICE:')[1] ?? '')?.[1],
});

await wait();
const asking = setInterval(() => stdin.write('SELECT 1;\n'), 20);
session.psql.once('exit', () => clearInterval(asking));
const { err } = await session.result;
tell('revoked', { session: err, message: (await run(readKey, whoami)).err });

await wait();
tell('reconnect', { user: await answer(readKey, whoami) });
process.stdin.destroy();
