/**
 * The network between two of client, gate, backend and store is cut: without a word, as by a cable, or with resets, as
 * by a firewall that has lost its memory.
 */

import { describe, expect, it } from 'vitest';
import { query, takeOver } from '../e2e/raw-session.ts';
import { pollUntil } from '../support/poll.ts';
import {
  connect,
  firstLogin,
  isRunning,
  onBackend,
  refusalOf,
  runForever,
  untilRunning,
  works,
} from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { cutOff, isApart, withRetries } from './firewall.ts';
import { installation, postern } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve, untilLogged } from './serving.ts';

const running = startedPerTest();
const [nearClient, nearBackend, nearStore, resetClient] = [13, 14, 15, 16].map(
  (last) => `127.0.0.${last}`,
) as [string, string, string, string];
/** `net.ipv4.tcp_retries2`: the kernel's default of 15 takes a quarter of an hour. */
const retries = 5;
const patienceMs = 75_000;
/** What a backend should do about clients that are gone, see docs/operations.md. */
const noticesItself = {
  client_connection_check_interval: '1s',
  tcp_keepalives_idle: '5s',
  tcp_keepalives_interval: '1s',
  tcp_keepalives_count: '3',
};

/** Resolves when the gate has ended the connection of that application. */
const untilEnded = (serving: ServingProcess, application: string) =>
  untilLogged(
    serving,
    (line) => line['msg'] === 'connection' && line['application'] === application,
    patienceMs,
  ).then(() => performance.now());

/** A result without end, which the client reads. */
const readForever = async (address: string, application: string): Promise<void> => {
  const { client } = await connect(running(), address, { application });
  const { stream } = takeOver(client);
  stream.removeAllListeners('data').resume();
  stream.write(query(`SELECT repeat('x', 1000), generate_series(1, 1000000000) -- ${application}`));
  await untilRunning(application);
};

const cutFromClient = async (): Promise<void> => {
  const serving = await serve(running(), { address: nearClient });
  await connect(running(), nearClient, { application: 'cut idle' });
  const busy = await connect(running(), nearClient, { application: 'cut busy' });
  void runForever(busy, 'cut busy');
  await untilRunning('cut busy');
  await readForever(nearClient, 'cut reading');
  const beganAt = performance.now();
  await cutOff(running(), nearClient, 6432, 'drop');
  const [idleAt, busyAt, readingAt] = await Promise.all(
    ['cut idle', 'cut busy', 'cut reading'].map((application) => untilEnded(serving, application)),
  );
  await pollUntil(async () => !(await isRunning('cut busy')) && !(await isRunning('cut reading')));
  await pollUntil(async () => (await serving.metric('postern_sessions_active')) === 0);
  record({
    fault: 'Network between clients and gate cut without a word (packets dropped)',
    seen: 'nothing; the gate ends their sessions, cancels what runs, and keeps no socket',
    lost: '3 of 3',
    effect: `${secondsSince(beganAt, idleAt)} idle and ${secondsSince(beganAt, busyAt)} while a query ran (keepalive); ${secondsSince(beganAt, readingAt)} while rows were on their way (tcp_retries2 ${retries})`,
  });
};

const cutFromBackend = async (): Promise<void> => {
  const { backend, bench } = installation();
  for (const [name, value] of Object.entries(noticesItself)) {
    await onBackend(`ALTER DATABASE ${bench.database} SET ${name} = '${value}'`);
  }
  running().defer(async () => {
    for (const name of Object.keys(noticesItself)) {
      await onBackend(`ALTER DATABASE ${bench.database} RESET ${name}`);
    }
  });
  const serving = await serve(running(), {
    address: nearBackend,
    backendHost: backend.wayAddress,
    connectTimeout: '1s',
  });
  const idle = await connect(running(), nearBackend);
  const busy = await connect(running(), nearBackend);
  const failed = runForever(busy, 'cut from backend');
  await untilRunning('cut from backend');
  const speaks = await connect(running(), nearBackend);
  const beganAt = performance.now();
  const mend = await cutOff(running(), backend.wayAddress, 5432, 'drop');
  const spoken = speaks.client.query('SELECT 1').then(
    () => Promise.reject(new Error('The query has been answered.')),
    (error: Error) => ({ error, at: performance.now() }),
  );
  const refusal = await refusalOf(nearBackend);
  const refused = secondsSince(beganAt);
  expect(refusal).toMatchObject({ code: '08006' });
  const [idleEnd, busyError, speaksEnd] = await Promise.all([idle.ended, failed, spoken]);
  for (const error of [idleEnd.error, busyError, speaksEnd.error]) {
    expect(error).toMatchObject({
      code: '08006',
      message: 'The database server behind Postern closed the connection.',
    });
  }
  await pollUntil(async () => (await serving.metric('postern_sessions_active')) === 0);
  await pollUntil(async () => !(await isRunning('cut from backend')), { timeoutMs: 20_000 });
  const cancelled = secondsSince(beganAt);
  await mend();
  const mendedAt = performance.now();
  const { at } = await firstLogin(nearBackend);
  record({
    fault: 'Network between gate and backend cut without a word',
    seen: `08006 and why; logins meanwhile 08006, after ${refused} (\`connect_timeout: 1s\`)`,
    lost: '3 of 3',
    effect: `${secondsSince(beganAt, idleEnd.at)} idle and while a query ran (keepalive), ${secondsSince(beganAt, speaksEnd.at)} after a client had spoken (tcp_retries2 ${retries}); ${cancelled} until the backend ran nothing (its own keepalive); back: ${secondsSince(mendedAt, at)} until the first login`,
  });
};

const cutFromStore = async (): Promise<void> => {
  const { store, guest } = installation();
  const serving = await serve(running(), { address: nearStore, storeHost: store.wayAddress });
  const stays = await connect(running(), nearStore, { account: guest });
  const beganAt = performance.now();
  const mend = await cutOff(running(), store.wayAddress, 5432, 'drop');
  let logins = 0;
  const failing = untilLogged(serving, ({ state }) => state === 'failing', patienceMs).then(() =>
    performance.now(),
  );
  await pollUntil(
    async () => {
      expect(await refusalOf(nearStore)).toBeNull();
      logins += 1;
      return serving.lines().some(({ state }) => state === 'failing');
    },
    { timeoutMs: patienceMs, intervalMs: 500 },
  );
  const noticedAt = await failing;
  expect(await works(stays)).toBe(true);
  await mend();
  const mendedAt = performance.now();
  await postern(installation(), 'account', 'disable', guest.name);
  const { error, at } = await stays.ended;
  await postern(installation(), 'account', 'enable', guest.name);
  expect(error.code).toBe('57P01');
  await pollUntil(async () => (await serving.metric('postern_attempts_waiting')) === 0, {
    timeoutMs: patienceMs,
  });
  const caughtUp = secondsSince(mendedAt);
  expect(await serving.metric('postern_attempts_dropped_total')).toBe(0);
  record({
    fault: 'Network between gate and store cut without a word',
    seen: `nothing: ${logins} of ${logins} logins succeeded`,
    lost: '0',
    effect: `${secondsSince(beganAt, noticedAt)} until it was noticed; back: ${secondsSince(mendedAt, at)} until a change was in force, ${caughtUp} until every attempt was written`,
  });
};

const resetFromClient = async (): Promise<void> => {
  const serving = await serve(running(), { address: resetClient });
  const busy = await connect(running(), resetClient, { application: 'reset' });
  const failed = runForever(busy, 'reset from client');
  await untilRunning('reset from client');
  await cutOff(running(), resetClient, 6432, 'reset');
  const beganAt = performance.now();
  takeOver(busy.client).stream.write(query('SELECT 1'));
  await failed;
  const told = secondsSince(beganAt);
  const endedAt = await untilEnded(serving, 'reset');
  await pollUntil(async () => !(await isRunning('reset from client')));
  record({
    fault: 'Network between client and gate cut with resets, while a query runs',
    seen: `connection reset at its next word, ${told}`,
    lost: '1 of 1',
    effect: `${secondsSince(beganAt, endedAt)} until the gate had noticed (keepalive) and cancelled the query`,
  });
};

describe.skipIf(!isApart)('a network that is cut', () => {
  it('is noticed by whoever is at its ends', { timeout: 200_000 }, async () => {
    withRetries(running(), retries);
    await Promise.all([cutFromClient(), cutFromBackend(), cutFromStore(), resetFromClient()]);
  });

  it('with resets is noticed by the gate with the next word', async () => {
    const { backend, store } = installation();
    const address = nearBackend;
    const serving = await serve(running(), {
      address,
      backendHost: backend.wayAddress,
      storeHost: store.wayAddress,
    });
    const session = await connect(running(), address);
    const mendBackend = await cutOff(running(), backend.wayAddress, 5432, 'reset');
    const mendStore = await cutOff(running(), store.wayAddress, 5432, 'reset');
    const beganAt = performance.now();
    await expect(session.client.query('SELECT 1')).rejects.toMatchObject({ code: '08006' });
    const told = secondsSince(beganAt);
    expect(await refusalOf(address)).toMatchObject({ code: '08006' });
    await untilLogged(serving, ({ state }) => state === 'failing', 20_000);
    const noticed = secondsSince(beganAt);
    await mendBackend();
    const mendedAt = performance.now();
    const { at } = await firstLogin(address);
    await mendStore();
    await untilLogged(serving, ({ state }) => state === 'following', 20_000);
    record({
      fault: 'Network between gate and backend, and gate and store, cut with resets',
      seen: '08006 and why, at the next word; logins meanwhile 08006; of the store nothing',
      lost: 'those that speak',
      effect: `${told} until it was told, ${noticed} until the store was missed; back: ${secondsSince(mendedAt, at)} until the first login`,
    });
  });
});
