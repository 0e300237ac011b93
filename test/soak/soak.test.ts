/**
 * Everything at once, for as long as POSTERN_SOAK_MINUTES says (a minute and a quarter by default, half an hour by `npm run
 * soak`): no row is lost, nobody is let in by what was revoked, and the processes take as much at the end as at the
 * beginning.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connect, onBackend, startLoad, works } from '../reliability/clients.ts';
import { circumstances } from '../reliability/figures.ts';
import { createAccount, createBundle, installation, libpq, postern } from '../reliability/installation.ts';
import { startedPerTest } from '../reliability/per-test.ts';
import { type ServingProcess, serve, workerPids } from '../reliability/serving.ts';
import { writeFigures } from '../support/figures-file.ts';
import { type Footprint, footprintOf } from '../support/footprint.ts';
import { pollUntil } from '../support/poll.ts';
import { startInShell } from '../support/psql.ts';
import { churn } from './churn.ts';
import { firstAndLast, watchFootprints } from './watch.ts';
import {
  cancelQueries,
  copyBothWays,
  exchangeLargeRows,
  failToLogIn,
  type Place,
  prepareTables,
} from './work.ts';

const address = '127.0.0.13';
const minutes = Number(process.env['POSTERN_SOAK_MINUTES'] ?? 1.25);
const totalMs = minutes * 60_000;
/** What the heap takes until it has found its size: at most five minutes, or two fifths of a short run. */
const warmUp = Math.min(0.4, 5 / minutes);
/** Beyond what a heap breathes. */
const mayGrow = { bytes: (first: number) => 24 * 2 ** 20 + first / 10, descriptors: 8 };
const idleSessions = 8;
const running = startedPerTest();

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

/** pgbench that comes anew for each of its queries. */
const readAnew = async ({ stopped }: Place): Promise<number> => {
  const { bench, directory } = installation();
  const { process: child, result } = startInShell(
    'exec pgbench -n -S -C -T 36000 -c 2',
    libpq(bench, address),
    directory,
  );
  stopped.addEventListener('abort', () => child.kill('SIGALRM'), { once: true });
  const { stdout, stderr } = await result;
  expect(stderr).not.toMatch(/error|aborted/i);
  return Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1]);
};

/** Nothing of what clients have left is there, and nothing has gone wrong that a log would tell. */
const expectCleanEnds = async (serving: ServingProcess): Promise<void> => {
  for (const name of [
    'postern_sessions_active',
    'postern_connections_half_open',
    'postern_attempts_waiting',
  ]) {
    await pollUntil(async () => (await serving.metric(name)) === 0, { timeoutMs: 20_000 });
  }
  for (const [name, labels] of [
    ['postern_attempts_dropped_total', ''],
    ['postern_worker_deaths_total', ''],
    ['postern_session_ends_total', 'reason="internal"'],
    ['postern_refusals_total', 'reason="internal"'],
  ] as const) {
    expect(await serving.metric(name, labels), name).toBe(0);
  }
  expect(serving.lines().filter(({ level }) => level === 'error')).toEqual([]);
};

/** Keys that were revoked have no role, and nobody is in by a role that is gone. */
const expectNobodyRevoked = async (): Promise<number> => {
  const keys = JSON.parse(await postern(installation(), 'key', 'list', 'guest', '--json')) as {
    readonly name: string;
    readonly state: string;
    readonly roleName: string;
  }[];
  const revoked = keys.filter(({ name }) => name.startsWith('churn-'));
  expect(new Set(revoked.map(({ state }) => state))).toEqual(new Set(['revoked']));
  const roles = revoked.map(({ roleName }) => `'${roleName}'`).join(', ');
  const query = `SELECT rolname FROM pg_roles WHERE rolname IN (${roles})
    UNION SELECT usename FROM pg_stat_activity WHERE usename IN (${roles})`;
  await pollUntil(async () => (await onBackend(query)).length === 0);
  return revoked.length;
};

it('goes on and on', { timeout: totalMs + 180_000 }, async () => {
  const { directory, backend, guest } = installation();
  await prepareTables();
  const stranger = await createAccount({ directory }, backend, 'stranger');
  const revoked = { ...guest, bundle: await createBundle({ directory }, guest.name, 'revoked') };
  await postern({ directory }, 'certificate', 'revoke', guest.name, 'revoked');
  const serving = await serve(running(), { address, workers: 2 });
  const pids = [serving.pid, ...workerPids(serving)];
  const idle = await Promise.all(Array.from({ length: idleSessions }, () => connect(running(), address)));

  const stopping = new AbortController();
  const place: Place = { running: running(), address, stopped: stopping.signal };
  running().defer(() => stopping.abort());
  const load = await startLoad(running(), address, '-c 4', '-R 100');
  const work = Promise.all([
    readAnew(place),
    copyBothWays(place),
    exchangeLargeRows(place),
    cancelQueries(place),
    failToLogIn(place, stranger, revoked),
    churn(place),
  ]);
  const watched = watchFootprints(pids, Math.max(500, totalMs / 1_000), place.stopped);
  await Promise.race([delay(totalMs), work]);
  stopping.abort();
  const [reads, { copies, rows }, largeRows, cancels, failures, changes] = await work;
  const { processed, aborted, committed, apart } = await load.finish();
  const footprints = await watched;

  expect({ aborted, apart, committed }).toEqual({ aborted: [], apart: 0, committed: processed });
  expect(await Promise.all(idle.map(works))).toEqual(idle.map(() => true));
  await Promise.all(idle.map(({ client }) => client.end()));
  const keys = await expectNobodyRevoked();
  await expectCleanEnds(serving);
  const resting = pids.map((pid) => footprintOf(pid).sockets);

  const takes = pids.map((pid, index) => {
    const of = (pick: (footprint: Footprint) => number) =>
      firstAndLast(footprints.get(pid) ?? [], warmUp, pick);
    return {
      name: index === 0 ? 'the process that was started' : `worker ${index}`,
      resident: of(({ residentBytes }) => residentBytes),
      descriptors: of(({ descriptors }) => descriptors),
      sockets: of(({ sockets }) => sockets),
      atRest: resting[index],
    };
  });
  const done = [
    [
      `pgbench, read and write, 4 clients`,
      `${processed} transactions; ${committed} rows in the history, the books agree`,
    ],
    ['pgbench, point queries, each by a new connection', `${reads} connections, none failed`],
    ['COPY in and out', `${copies} times, ${rows} rows each way; checksums equal at client, backend, client`],
    ['rows of 4 MB there and back', `${largeRows}; checksums equal at both ends`],
    ['Ctrl-C in psql', `${cancels}; 57014 each time`],
    ['idle sessions', `${idleSessions}; all alive at the end`],
    ['failing logins', `${failures} rounds of wrong key, revoked certificate, garbage`],
    [
      'keys, certificates, rules, account: made, revoked, rotated, removed, disabled',
      `${changes} rounds; the session on it ended within 5 s each time and nobody was let in again; ${keys} keys revoked, none of their roles is left`,
    ],
  ];
  const arrow = (
    { first, last }: { first: number; last: number },
    show: (value: number) => string = String,
  ): string => `${show(first)} → ${show(last)}`;
  const text = [
    `${minutes} minutes. ${circumstances()}.`,
    '',
    '| work | done |',
    '|---|---|',
    ...done.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `| process | resident memory | file descriptors | sockets | sockets at rest |`,
    '|---|---|---|---|---|',
    ...takes.map(
      ({ name, resident, descriptors, sockets, atRest }) =>
        `| ${name} | ${arrow(resident, megabytes)} | ${arrow(descriptors)} | ${arrow(sockets)} | ${atRest} |`,
    ),
    '',
  ].join('\n');
  process.stdout.write(`\n${text}\n`);
  const target = process.env['POSTERN_RELIABILITY'];
  if (target !== undefined) writeFigures(target, 'npm run soak', text);
  for (const { name, resident, descriptors, atRest } of takes) {
    expect(resident.last - resident.first, `memory of ${name}`).toBeLessThan(mayGrow.bytes(resident.first));
    expect(descriptors.last - descriptors.first, `files of ${name}`).toBeLessThanOrEqual(mayGrow.descriptors);
    expect(atRest, `sockets of ${name} at rest`).toBeLessThan(16);
  }
  serving.signal('SIGTERM');
  expect(await serving.ended).toBe(0);
  await serving.allGone();
});
