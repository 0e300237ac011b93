/** Who connects in these tests: pgbench for load, node-postgres for single sessions, both with an unpacked bundle. */

import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { type RunningPsql, startInShell } from '../support/psql.ts';
import {
  type Account,
  type Installation,
  installation,
  libpq,
  publicHost,
  scale,
  superuserUrl,
} from './installation.ts';

type Place = Pick<Installation, 'directory' | 'backend' | 'bench'>;

/** As superuser on the backend, in the database of pgbench. */
export const onBackend = (statement: string, place: Place = installation()) =>
  runAsSuperuser(superuserUrl(place.backend, place.bench.database), statement);

/** The tables of pgbench, owned by the account's owner. */
export const fillPgbench = async (place: Place, factor = scale): Promise<void> => {
  const { status, stderr } = await startInShell(
    `pgbench -i -q -s ${factor} '${superuserUrl(place.backend, place.bench.database)}'`,
    { PGOPTIONS: '-c role=bench_owner' },
    place.directory,
  ).result;
  if (status !== 0) throw new Error(`pgbench -i: ${stderr}`);
};

export interface LoadResult {
  /** Transactions whose end pgbench has seen. */
  readonly processed: number;
  /** What clients said that gave up, one line each. */
  readonly aborted: readonly string[];
  /** Transactions that the database has, and how far its three books are apart. */
  readonly committed: number;
  readonly apart: number;
}

export interface Load {
  /** Seconds since its start, of each client that gave up so far. */
  abortedSoFar(): number;
  /** Lets every client end its transaction; resolves with what came of it. */
  finish(): Promise<LoadResult>;
}

/** All accounts, tellers and branches together must have gained what the history says. */
const readBooks = async () => {
  const [row] = await onBackend(
    `SELECT count(*)::int AS committed,
       abs(sum(delta) - (SELECT sum(abalance) FROM pgbench_accounts))
       + abs(sum(delta) - (SELECT sum(tbalance) FROM pgbench_tellers))
       + abs(sum(delta) - (SELECT sum(bbalance) FROM pgbench_branches)) AS apart
     FROM pgbench_history`,
  );
  return { committed: Number(row?.['committed']), apart: Number(row?.['apart'] ?? 0) };
};

/**
 * pgbench's own TPC-B-like transactions, until told to end; resolves when they are under way.
 * @param options `-C`: a new connection for each transaction
 */
export const startLoad = async (
  running: AsyncDisposableStack,
  address: string,
  ...options: string[]
): Promise<Load> => {
  const { directory, bench } = installation();
  const before = await readBooks();
  const { process: child, result } = startInShell(
    `exec pgbench -n -T 36000 ${options.join(' ')}`,
    libpq(bench, address),
    directory,
  );
  running.defer(async () => {
    child.kill('SIGKILL');
    await result;
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const abortedIn = (text: string) => text.split('\n').filter((line) => / aborted /.test(line));
  await pollUntil(async () => child.exitCode !== null || (await readBooks()).committed > before.committed, {
    timeoutMs: 20_000,
    intervalMs: 100,
  });
  if (child.exitCode !== null) throw new Error(`pgbench ended: ${said}`);
  return {
    abortedSoFar: () => abortedIn(said).length,
    finish: async () => {
      // As if -T had run out.
      child.kill('SIGALRM');
      const { stdout, stderr } = await result;
      const processed = Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1] ?? Number.NaN);
      const after = await readBooks();
      return {
        processed,
        aborted: abortedIn(stderr),
        committed: after.committed - before.committed,
        apart: after.apart,
      };
    },
  };
};

export interface SessionOptions {
  readonly account?: Account;
  readonly key?: string;
  readonly application?: string;
}

export interface Session {
  readonly client: pg.Client;
  /** Beneath TLS. */
  readonly socket: Socket;
  /** Resolves with what it was told at its end, and when that was (`performance.now()`). */
  readonly ended: Promise<{ readonly error: Error & { code?: string }; readonly at: number }>;
}

/** A session of node-postgres; cut off with `running`, because who is asked to end may be frozen. Rejects with the refusal. */
export const connect = async (
  running: AsyncDisposableStack,
  address: string,
  {
    account = installation().bench,
    key = account.masterKey,
    application = 'reliability',
  }: SessionOptions = {},
): Promise<Session> => {
  const read = (name: string) => readFileSync(join(account.bundle, name), 'utf8');
  const socket = new Socket();
  running.defer(() => void socket.destroy());
  const client = new pg.Client({
    stream: () => socket,
    host: address,
    port: 6432,
    user: account.name,
    database: account.name,
    password: key,
    application_name: application,
    connectionTimeoutMillis: 20_000,
    ssl: {
      ca: read('server_ca.pem'),
      cert: read('client.crt'),
      key: read('client.key'),
      servername: publicHost,
    },
  });
  const { promise: ended, resolve } = Promise.withResolvers<Awaited<Session['ended']>>();
  client.on('error', (error) => resolve({ error, at: performance.now() }));
  await client.connect();
  return { client, socket, ended };
};

export const works = ({ client }: Session): Promise<boolean> =>
  client.query('SELECT 1').then(
    () => true,
    () => false,
  );

/** Whether the backend works on a statement with that text. */
export const isRunning = async (mark: string): Promise<boolean> => {
  const found = await onBackend(
    `SELECT 1 FROM pg_stat_activity
     WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%${mark}%'`,
  );
  return found.length > 0;
};

export const untilRunning = (mark: string): Promise<true> =>
  pollUntil(() => isRunning(mark), { timeoutMs: 20_000 });

type Failure = Error & { readonly code?: string };

/** A query that takes for ever; resolves with how it failed. */
export const runForever = ({ client }: Session, mark: string): Promise<Failure> =>
  client.query(`SELECT pg_sleep(600) -- ${mark}`).then(
    () => Promise.reject(new Error('The query has ended by itself.')),
    (error: Failure) => error,
  );

/** Who may connect, and is refused: the refusal. null: somebody was let in. */
export const refusalOf = async (address: string, options?: SessionOptions): Promise<Failure | null> => {
  await using login = new AsyncDisposableStack();
  return await connect(login, address, options).then(
    () => null,
    (error: Failure) => error,
  );
};

/** Logs in so often, and is never refused. @returns how long the slowest took, in milliseconds */
export const logInOften = async (address: string, count: number, application: string): Promise<number> => {
  let longestMs = 0;
  for (let time = 0; time < count; time += 1) {
    const beganAt = performance.now();
    expect(await refusalOf(address, { application })).toBeNull();
    longestMs = Math.max(longestMs, performance.now() - beganAt);
  }
  return longestMs;
};

/** How many attempts of a client with this application_name the store has. */
export const attemptsOf = async (application: string, store = installation().store): Promise<number> => {
  const [row] = await runAsSuperuser(
    superuserUrl(store, 'postern'),
    `SELECT count(*)::int AS n FROM postern.attempts WHERE application_name = '${application}'`,
  );
  return Number(row?.['n']);
};

/** Tries again and again. @returns `performance.now()` of the first login that succeeded, and the refusals before it */
export const firstLogin = async (
  address: string,
  timeoutMs = 20_000,
): Promise<{ readonly at: number; readonly refusals: readonly Failure[] }> => {
  const refusals: Failure[] = [];
  await pollUntil(
    async () => {
      const refusal = await refusalOf(address);
      if (refusal) refusals.push(refusal);
      return refusal === null;
    },
    { timeoutMs },
  );
  return { at: performance.now(), refusals };
};

/** psql that copies without end into a table of the bench account, or out of nowhere. */
export const startCopy = (
  running: AsyncDisposableStack,
  address: string,
  direction: 'in' | 'out',
  table: string,
): RunningPsql => {
  const { bench } = installation();
  const copy = {
    in: `yes 'one line of many' | psql -Xqc 'COPY ${table} FROM STDIN'`,
    out: `psql -Xqc "COPY (SELECT '${table}', generate_series(1, 1000000000)) TO STDOUT" >/dev/null`,
  }[direction];
  const started = startInShell(copy, libpq(bench, address), bench.bundle);
  running.defer(async () => {
    started.process.kill('SIGKILL');
    await started.result;
  });
  return started;
};

/** Sessions that scoped roles have on the backend. */
export const backendSessions = async (): Promise<number> => {
  const rows = await onBackend("SELECT 1 FROM pg_stat_activity WHERE usename ~ '^postern_(bench|guest)_'");
  return rows.length;
};

/** Resolves when nobody is left on the backend. */
export const backendAtRest = (): Promise<true> =>
  pollUntil(async () => (await backendSessions()) === 0, { timeoutMs: 10_000, intervalMs: 50 });
