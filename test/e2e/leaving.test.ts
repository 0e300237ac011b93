import { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildMessage, int32 } from '../../src/wire/bytes.ts';
import { buildTerminate } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { uniqueName } from '../support/postgres.ts';
import { untilRunning } from './activity.ts';
import { query, takeOver, typesOf } from './raw-session.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

const untilBackendIsGone = (pid: number, timeoutMs = 5_000): Promise<true> =>
  pollUntil(
    async () => (await postern.superuser(`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`)).length === 0,
    { timeoutMs },
  );

const int16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);

describe('a client that closes its half after saying goodbye', () => {
  it('still reads everything that it asked for', async () => {
    const { stream, ended, received } = takeOver(await postern.connect());
    stream.end(
      Buffer.concat([query("SELECT repeat('x', 1000) FROM generate_series(1, 5000)"), buildTerminate()]),
    );
    await ended;
    const { messages, unfinishedBytes } = received();
    expect(unfinishedBytes).toBe(0);
    expect(typesOf(messages)).toBe(`T${'D'.repeat(5000)}CZ`);
  });

  it('also when the query takes longer than the grace for half-closed clients', async () => {
    const { stream, ended, received } = takeOver(await postern.connect());
    stream.end(Buffer.concat([query('SELECT pg_sleep(1.5)'), buildTerminate()]));
    await ended;
    expect(typesOf(received().messages)).toBe('TDCZ');
  });
});

/** A session whose client can vanish as a crashed process does, by FIN, or as a lost machine or NAT does, by RST. */
const connectToVanish = async (password = postern.readerKey) => {
  const socket = new Socket();
  const client = await postern.connect({ password, stream: () => socket });
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const { stream } = takeOver(client);
  return {
    stream,
    backendPid: rows[0]?.pid ?? 0,
    vanishBy: { fin: () => socket.destroy(), rst: () => socket.resetAndDestroy() },
  };
};

const sleep = (mark: string): Buffer => query(`SELECT pg_sleep(600) -- ${mark}`);

describe('a client that vanishes', () => {
  it.each<{ when: string; by: 'fin' | 'rst'; sent: (mark: string) => Buffer[] }>([
    { when: 'in the middle of a query', by: 'fin', sent: (mark) => [sleep(mark)] },
    { when: 'in the middle of a query', by: 'rst', sent: (mark) => [sleep(mark)] },
    { when: 'after a query and a goodbye', by: 'rst', sent: (mark) => [sleep(mark), buildTerminate()] },
    { when: 'with more queries waiting', by: 'fin', sent: (mark) => [1, 2, 3].map(() => sleep(mark)) },
    { when: 'with more queries waiting', by: 'rst', sent: (mark) => [1, 2, 3].map(() => sleep(mark)) },
    {
      when: 'in the middle of its next message',
      by: 'rst',
      sent: (mark) => [sleep(mark), query('SELECT 1').subarray(0, 7)],
    },
  ])('$when (by $by) leaves no query and no backend behind', async ({ by, sent }) => {
    const mark = uniqueName('vanished');
    const { stream, backendPid, vanishBy } = await connectToVanish();
    stream.write(Buffer.concat(sent(mark)));
    await untilRunning(postern, mark);
    vanishBy[by]();
    await untilBackendIsGone(backendPid, 6_000);
  });

  it.each(['fin', 'rst'] as const)(
    'in the middle of a message (by %s) never has it completed by Postern',
    async (by) => {
      const name = uniqueName('numbers');
      await postern.superuser(`SET ROLE ${postern.ownerRole}`, `CREATE SEQUENCE places.${name}`);
      const [oids] = await postern.superuser(
        `SELECT 'places.${name}'::regclass::oid::int AS sequence, 'setval(regclass,bigint)'::regprocedure::oid::int AS setval`,
      );
      const { stream, backendPid, vanishBy } = await connectToVanish(postern.masterKey);
      // FunctionCall: whatever bytes complete it run setval, which no later error undoes.
      const call = buildMessage(
        'F',
        ...[int32(Number(oids?.['setval'])), int16(1), int16(1), int16(2)],
        ...[int32(4), int32(Number(oids?.['sequence'])), int32(8), Buffer.alloc(8, 1), int16(1)],
      );
      stream.write(call.subarray(0, call.length - buildTerminate().length));
      await pollUntil(() => stream.writableLength === 0);
      vanishBy[by]();
      await untilBackendIsGone(backendPid);
      expect(await postern.superuser(`SELECT is_called FROM places.${name}`)).toEqual([{ is_called: false }]);
    },
  );
});
