/** One instance that is told to stop, and everybody who does not make that easy. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { logIn } from '../support/raw-login.ts';
import { message, startup } from '../support/raw-messages.ts';
import { connect, onBackend } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { configure, installation, publicHost } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { readiness, type ServingProcess, serve, untilLogged } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();

const untilDraining = (serving: ServingProcess) => untilLogged(serving, ({ msg }) => msg === 'draining');

const countHistory = async (): Promise<number> => {
  const [row] = await onBackend("SELECT count(*)::int AS n FROM pgbench_history WHERE filler = 'drain'");
  return Number(row?.['n']);
};

const insert =
  "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime, filler) VALUES (1, 1, 1, 0, now(), 'drain')";

describe('an instance that is told to stop', () => {
  it.each([
    { what: 'SIGTERM', workers: 1, tell: (serving: ServingProcess) => serving.signal('SIGTERM') },
    {
      what: 'Ctrl-C with two workers',
      workers: 2,
      tell: (serving: ServingProcess) => serving.signalAll('SIGINT'),
    },
  ])('lets a transaction commit and ends idle sessions, once: $what', async ({ what, workers, tell }) => {
    const serving = await serve(running(), { address, workers });
    const [idle, busy] = await Promise.all([connect(running(), address), connect(running(), address)]);
    const before = await countHistory();
    await busy.client.query('BEGIN');
    await busy.client.query(insert);
    const toldAt = performance.now();
    tell(serving);
    const { error, at } = await idle.ended;
    expect(error.code).toBe('57P01');
    expect(await readiness(serving)).toBe(503);
    // Nothing more is taken over.
    await configure(installation(), { address, workers, sessionsPerAccount: 7 });
    serving.signal('SIGHUP');
    await busy.client.query('COMMIT');
    expect((await busy.ended).error.code).toBe('57P01');
    expect(await serving.ended).toBe(0);
    const exited = secondsSince(toldAt);
    await serving.allGone();
    expect(await countHistory()).toBe(before + 1);
    const said = serving.lines().map(({ msg }) => msg);
    expect(said.filter((msg) => msg === 'draining')).toHaveLength(workers);
    expect(said.filter((msg) => /reloaded|has died/.test(String(msg)))).toEqual([]);
    record({
      fault: `Drain by ${what}, with an idle session and an open transaction; SIGHUP meanwhile`,
      seen: 'idle: 57P01; transaction: commits, then 57P01',
      lost: '2 of 2, none in a transaction',
      effect: `${secondsSince(toldAt, at)} until the idle one was told, ${exited} until exit, as soon as the transaction had ended`,
    });
  });

  it('is gone at once by a second signal', async () => {
    const serving = await serve(running(), { address, workers: 2 });
    const busy = await connect(running(), address);
    await busy.client.query('BEGIN');
    serving.signal('SIGTERM');
    await untilDraining(serving);
    const toldAt = performance.now();
    serving.signal('SIGTERM');
    expect(await serving.ended).toBe(1);
    await serving.allGone();
    const gone = secondsSince(toldAt);
    await busy.ended;
    record({
      fault: 'A second SIGTERM while a transaction is open, `workers: 2`',
      seen: 'connection closed',
      lost: '1 of 1',
      effect: `${gone} until no process was left`,
    });
  });

  it('cuts off a client that never reads', async () => {
    const serving = await serve(running(), { address, drainTimeout: '1s' });
    const { bench } = installation();
    const client = await RawClient.open(6432, address);
    running().defer(() => client.close());
    const read = (name: string) => readFile(join(bench.bundle, name));
    await client.requestTls({
      servername: publicHost,
      ca: await read('server_ca.pem'),
      cert: await read('client.crt'),
      key: await read('client.key'),
    });
    client.send(startup({ user: bench.name }));
    await logIn(client, bench.masterKey);
    client.send(message('Q', Buffer.from("SELECT repeat('x', 1000) FROM generate_series(1, 10000000)\0")));
    await client.read(1_000);
    client.tls.pause();
    const toldAt = performance.now();
    serving.signal('SIGTERM');
    expect(await serving.ended).toBe(0);
    const exited = secondsSince(toldAt);
    expect(performance.now() - toldAt).toBeLessThan(12_000);
    record({
      fault: 'Drain with `drain_timeout: 1s` and a client that never reads',
      seen: 'connection closed, its query cancelled',
      lost: '1 of 1',
      effect: `${exited} until exit`,
    });
  });
});
