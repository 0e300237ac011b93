/**
 * The seven steps that each client takes, and what must be seen at each. A client is a program of its own language in
 * `programs/`, started in the directory of an unpacked bundle. It prints one JSON object per line and step, in this
 * order, and waits where it says so for one line on its standard input:
 *
 *   connect    with the read key: version (of the client), user (current_user)
 *   list       tables: the names of those of the schema `places` that it sees
 *   read       all rows of places.towns: rows, sum (of their ids)
 *   write      with the write key, the text of POSTERN_NOTE into places.notes: rows
 *   refuse     the same with the read key: message, sqlstate (null where the client has none)
 *   cancel     runs `SELECT pg_sleep(60)`, waits until told that it runs, cancels it as its users would, and asks the
 *              same session for more: message, sqlstate (both where the client shows them), user
 *   revoked    waits; asks its session until that is refused, and connects anew: session, message (of the two errors;
 *              that of the session has the server's reason where the client shows it)
 *   reconnect  waits; connects with the files that are now in the directory: user
 *
 * Connection values come in POSTERN_HOST, _PORT, _USER, _DATABASE, _READ_KEY, _WRITE_KEY, so that nothing is known to
 * the client that its program does not tell it.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { downloadBundle } from './bundle.ts';
import { type Account, host, installation, rowCount } from './installation.ts';
import type { Client } from './programs.ts';
import { record } from './table.ts';

type Step = Readonly<Record<string, unknown>>;

export const stepNames = [
  'connect',
  'list',
  'read',
  'write',
  'refuse',
  'cancel',
  'revoked',
  'reconnect',
] as const;
type StepName = (typeof stepNames)[number];

const scopedRole = expect.stringMatching(/^postern_/);

/** What each step must have seen; where a client has no SQLSTATE, its sentence decides alone. */
const expected = {
  connect: { version: expect.stringMatching(/\d/), user: scopedRole },
  list: { tables: expect.arrayContaining(['towns']) },
  read: { rows: rowCount, sum: (rowCount * (rowCount + 1)) / 2 },
  write: { rows: 1 },
  refuse: {
    sqlstate: expect.toBeOneOf(['42501', null]),
    message: expect.stringContaining('permission denied for table notes'),
  },
  cancel: { user: scopedRole },
  revoked: {
    session: expect.any(String),
    message: expect.stringMatching(/The client certificate was revoked on \d{4}-\d\d-\d\d/),
  },
  reconnect: { user: scopedRole },
} as const satisfies Record<StepName, object>;

const goodbye = 'The session was ended because its certificate was revoked.';
const cancelAnswer = {
  sqlstate: expect.toBeOneOf(['57014', null]),
  message: expect.stringContaining('canceling statement due to user request'),
};

const sleepsOnBackend = async ({ databaseUrl }: Account): Promise<boolean> => {
  const found = await runAsSuperuser(
    databaseUrl,
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
     AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
  );
  return found.length > 0;
};

const notes = async ({ databaseUrl }: Account, text: string): Promise<number> => {
  const rows = await runAsSuperuser(databaseUrl, `SELECT FROM places.notes WHERE text = '${text}'`);
  return rows.length;
};

/** Lets the client take the steps with a bundle of its own, checks each, and records that it did. */
export const takeSteps = async (
  running: AsyncDisposableStack,
  client: Client,
  account: Account,
): Promise<void> => {
  const bundle = await downloadBundle(account, client.name);
  const note = `written with ${client.name}`;
  const [program = '', ...args] = client.command;
  const child = spawn(program, args, {
    cwd: bundle.directory,
    env: {
      PATH: process.env['PATH'],
      HOME: bundle.directory,
      LC_ALL: 'C.UTF-8',
      // Nothing is left in the checkout.
      PYTHONDONTWRITEBYTECODE: '1',
      POSTERN_HOST: host,
      POSTERN_PORT: String(installation().port),
      POSTERN_USER: account.name,
      POSTERN_DATABASE: account.name,
      POSTERN_READ_KEY: account.readKey,
      POSTERN_WRITE_KEY: account.writeKey,
      POSTERN_NOTE: note,
      ...client.environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const complaint = text(child.stderr);
  const ended = once(child, 'close');
  running.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const tell = (): void => void child.stdin.write('\n');
  const take = async (name: StepName): Promise<Step> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${client.name} ended before the step "${name}": ${await complaint}`);
    const step: Step = JSON.parse(value);
    expect(step, client.name).toMatchObject({ step: name, ...expected[name] });
    return step;
  };
  const { version } = await take('connect');
  for (const name of ['list', 'read', 'write', 'refuse'] as const) await take(name);
  expect(await notes(account, note)).toBe(1);
  await pollUntil(() => sleepsOnBackend(account), { timeoutMs: 15_000 });
  tell();
  const cancelled = await take('cancel');
  expect(cancelled).toMatchObject(client.cancelsSilently ? {} : cancelAnswer);
  await pollUntil(async () => !(await sleepsOnBackend(account)));
  await bundle.revoke();
  tell();
  const { session } = await take('revoked');
  if (!client.endsSilently) expect(session).toContain(goodbye);
  await downloadBundle(account, `${client.name}, again`, bundle.directory);
  tell();
  await take('reconnect');
  const [code] = await ended;
  expect([code, await complaint]).toEqual([0, '']);
  record({
    client: client.title ?? client.name,
    version: String(version),
    authentication: account.authentication,
    steps: 'all seven',
  });
};
