import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCancelRequest } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { cancelKeyOf } from './raw-session.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

const connectAsMaster = () => postern.connect({ password: postern.masterKey });

describe('a session through the gate', () => {
  it('gets what others notify', async () => {
    const [listener, notifier] = [await postern.connect(), await postern.connect()];
    const payloads: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => payloads.push(payload));
    await listener.query('LISTEN surveys');
    await notifier.query("NOTIFY surveys, 'one'");
    await pollUntil(() => payloads.length === 1);
    await notifier.query("NOTIFY surveys, 'two'");
    await pollUntil(() => payloads.length === 2);
    expect(payloads).toEqual(['one', 'two']);
  });

  it('reads by a cursor', async () => {
    const client = await postern.connect();
    await client.query('BEGIN');
    await client.query('DECLARE towns CURSOR FOR SELECT id FROM places.towns ORDER BY id');
    const ids: number[] = [];
    for (;;) {
      const { rows } = await client.query<{ id: number }>('FETCH 120 FROM towns');
      if (rows.length === 0) break;
      ids.push(...rows.map(({ id }) => id));
    }
    await client.query('COMMIT');
    expect(ids).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it('writes and reads large objects', async () => {
    const client = await connectAsMaster();
    const content = Buffer.alloc(3_000_000, 'large object ');
    const { rows: made } = await client.query<{ oid: number }>('SELECT lo_from_bytea(0, $1) AS oid', [
      content,
    ]);
    await client.query('BEGIN');
    const { rows: opened } = await client.query<{ fd: number }>('SELECT lo_open($1, 262144) AS fd', [
      made[0]?.oid,
    ]);
    const parts: Buffer[] = [];
    for (;;) {
      const { rows } = await client.query<{ part: Buffer }>('SELECT loread($1, 500000) AS part', [
        opened[0]?.fd,
      ]);
      const part = rows[0]?.part;
      if (!part?.length) break;
      parts.push(part);
    }
    await client.query('COMMIT');
    await client.query('SELECT lo_unlink($1)', [made[0]?.oid]);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
  });

  it('pipelines: a thousand queries are under way at once, and one that fails fails alone', async () => {
    const client = await postern.connect({ pipeline: true });
    const failing = 500;
    const answers = await Promise.allSettled(
      Array.from({ length: 1000 }, (_, index) =>
        client.query<{ answer: number }>('SELECT 1000 / ($1::int - 500) AS answer', [index]),
      ),
    );
    answers.forEach((answer, index) => {
      if (index === failing) expect(answer).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
      else expect(answer).toMatchObject({ value: { rows: [{ answer: Math.trunc(1000 / (index - 500)) }] } });
    });
  });

  it('prepares a statement once and runs it often', async () => {
    const client = await postern.connect();
    for (const id of [3, 1, 2]) {
      const { rows } = await client.query({
        name: 'town',
        text: 'SELECT name FROM places.towns WHERE id = $1',
        values: [id],
      });
      expect(rows).toEqual([{ name: `town ${id}` }]);
    }
  });

  it('stays in its transaction after an error until it rolls back', async () => {
    const client = await connectAsMaster();
    await client.query('BEGIN');
    await client.query("INSERT INTO places.owners VALUES (1, 'x')");
    await expect(client.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    const { rows } = await client.query('SELECT count(*)::int AS owners FROM places.owners');
    expect(rows).toEqual([{ owners: 0 }]);
  });

  it('has its query cancelled by a CancelRequest with its key, and goes on', async () => {
    const client = await postern.connect();
    const { processId, secret } = cancelKeyOf(client);
    const slept = expect(client.query('SELECT pg_sleep(600) -- cancelled')).rejects.toMatchObject({
      code: '57014',
    });
    const backendPid = await untilRunning(postern, 'cancelled');
    expect(processId).not.toBe(backendPid);
    connect(postern.port, '127.0.0.1').end(buildCancelRequest(processId, secret));
    await slept;
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    expect(rows).toEqual([{ pid: backendPid }]);
  });

  it('is not cancelled by a CancelRequest with another key', async () => {
    const client = await postern.connect();
    const { processId, secret } = cancelKeyOf(client);
    const slept = client.query('SELECT pg_sleep(600) -- not cancelled').catch((error: unknown) => error);
    await untilRunning(postern, 'not cancelled');
    secret.writeInt32BE(~secret.readInt32BE());
    connect(postern.port, '127.0.0.1').end(buildCancelRequest(processId, secret));
    await pollUntil(() => postern.logLines().find(({ cancel }) => cancel === 'unknown'));
    expect(await untilRunning(postern, 'not cancelled')).toBeGreaterThan(0);
    await client.end();
    await untilNoneRuns(postern, 'not cancelled', 5_000);
    expect(await slept).toBeInstanceOf(Error);
  });

  it('is one of a hundred at once, each with a backend of its own', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => postern.connect()));
    const pids = await Promise.all(
      clients.map(async (client) => (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid),
    );
    await Promise.all(clients.map((client) => client.end()));
    expect(new Set(pids).size).toBe(100);
  });
});
