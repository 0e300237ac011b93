/** Steps of docs/operations.md, "Stopping": what becomes of sessions in each state when Postern stops. */

import { afterEach, describe, expect, it } from 'vitest';
import { sendOrder } from '../../src/store/orders.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { errorOf, query, takeOver, typesOf } from './raw-session.ts';

const told = { code: '57P01', message: 'The session was ended because Postern shuts down.' };
let running = new AsyncDisposableStack();

afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const startDraining = async (drainTimeoutMs: number): Promise<TestPostern> => {
  const postern = await startPostern({
    configure: (config) => ({ ...config, gate: config.gate && { ...config.gate, drainTimeoutMs } }),
  });
  running.defer(postern.stop);
  return postern;
};

const endOf = (client: Awaited<ReturnType<TestPostern['connect']>>) =>
  new Promise<unknown>((resolve) => client.once('error', resolve));

const readiness = async ({ serving }: TestPostern) => {
  const response = await fetch(`http://127.0.0.1:${serving.telemetryPort}/readyz`);
  return { status: response.status, text: await response.text() };
};

const logged = (postern: TestPostern, message: string) =>
  postern.logLines().filter(({ msg }) => msg === message);

describe('a Postern that drains', () => {
  it('ends idle sessions and lets a transaction come to its end', async () => {
    const postern = await startDraining(60_000);
    const [idle, busy] = [await postern.connect(), await postern.connect({ password: postern.masterKey })];
    await busy.query('BEGIN');
    await busy.query('CREATE TABLE places.drained (id int)');
    const [idleTold, busyTold] = [endOf(idle), endOf(busy)];
    const stopped = postern.serving.stop();
    expect(await idleTold).toMatchObject(told);
    expect(await readiness(postern)).toEqual({ status: 503, text: 'Postern is shutting down.\n' });
    await expect(postern.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await busy.query('INSERT INTO places.drained VALUES (1)');
    expect(await postern.serving.reload('test')).toBe('ignored');
    await busy.query('COMMIT');
    expect(await busyTold).toMatchObject(told);
    await stopped;
    expect(await postern.superuser('SELECT id FROM places.drained')).toEqual([{ id: 1 }]);
    expect(logged(postern, 'draining')).toMatchObject([{ sessions: 2, timeoutMs: 60_000 }]);
    expect(logged(postern, 'drain timeout: what still runs is cancelled')).toEqual([]);
  });

  it('lets a failed transaction go back to its savepoint', async () => {
    const postern = await startDraining(60_000);
    const client = await postern.connect();
    await client.query('BEGIN; SAVEPOINT s');
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
    const end = endOf(client);
    const stopped = postern.serving.stop();
    await pollUntil(() => logged(postern, 'draining').length === 1);
    await client.query('ROLLBACK TO s');
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.query('ROLLBACK');
    expect(await end).toMatchObject(told);
    await stopped;
  });

  it('passes the whole answer of a running query on, and then says why', async () => {
    const postern = await startDraining(60_000);
    const { stream, received, ended } = takeOver(await postern.connect());
    stream.write(query('SELECT pg_sleep(0.5), 42 -- under way'));
    await untilRunning(postern, 'under way');
    const stopped = postern.serving.stop();
    await pollUntil(() => logged(postern, 'draining').length === 1);
    await ended;
    const { messages, unfinishedBytes } = received();
    expect(typesOf(messages)).toBe('TDCZE');
    expect(unfinishedBytes).toBe(0);
    expect(errorOf(messages)).toMatchObject({ sqlstate: '57P01' });
    stream.destroy();
    await stopped;
  });

  it('cuts what is not done when the time is over', async () => {
    const postern = await startDraining(1_000);
    const [sleeping, open] = [await postern.connect(), await postern.connect()];
    const slept = sleeping.query('SELECT pg_sleep(600) -- too long').catch((error: unknown) => error);
    await open.query('BEGIN');
    await untilRunning(postern, 'too long');
    const end = endOf(open);
    const stoppedAt = performance.now();
    await postern.serving.stop();
    expect(performance.now() - stoppedAt).toBeGreaterThan(990);
    expect(performance.now() - stoppedAt).toBeLessThan(9_000);
    expect(await slept).toMatchObject(told);
    expect(await end).toMatchObject(told);
    await untilNoneRuns(postern, 'too long', 2_000);
    expect(logged(postern, 'drain timeout: what still runs is cancelled')).toMatchObject([{ sessions: 2 }]);
  });

  it('still shows its sessions, and ends one that an operator ends', async () => {
    const postern = await startDraining(60_000);
    const client = await postern.connect();
    await client.query('BEGIN');
    const end = endOf(client);
    const stopped = postern.serving.stop();
    await pollUntil(() => logged(postern, 'draining').length === 1);
    const id = await pollUntil(async () => {
      const { rows } = await postern.store.owner.query<{ id: string }>('SELECT id FROM postern.sessions');
      return rows[0]?.id;
    });
    await sendOrder(postern.store.console, { kind: 'end-session', session: id, actor: 'test' });
    expect(await end).toMatchObject({
      code: '57P01',
      message: 'The session was ended by the owner of the account or by an operator.',
    });
    await stopped;
  });
});
