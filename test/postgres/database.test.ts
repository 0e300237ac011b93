import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, connectClient } from '../../src/postgres/connect.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { sqlstateOf, violatedConstraint } from '../../src/postgres/errors.ts';
import { listen, type Notification } from '../../src/postgres/listen.ts';
import type { ConnectionOptions } from '../../src/postgres/options.ts';
import { pollUntil } from '../support/poll.ts';
import { createDatabase, runAsSuperuser, type TestDatabase, uniqueName } from '../support/postgres.ts';

describe('a database behind a pool', () => {
  let server: TestDatabase;
  let database: Database;
  let options: ConnectionOptions;

  beforeAll(async () => {
    server = await createDatabase();
    options = { url: server.url, applicationName: 'pool', statementTimeoutMs: 10_000 };
    database = openDatabase({ ...options, maxConnections: 2 });
    await database.query('CREATE TABLE public.numbers (value int CONSTRAINT numbers_key UNIQUE)');
  });

  afterAll(async () => {
    await database.close();
    await server.drop();
  });

  const count = async (): Promise<number | undefined> =>
    (await database.query<{ count: number }>('SELECT count(*) AS count FROM public.numbers')).rows[0]?.count;

  const killAll = (name: string) =>
    runAsSuperuser(
      server.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = '${name}'`,
    );

  test('values come as the types that the program works with', async () => {
    const { rows } = await database.query(
      `SELECT 9007199254740991 AS big, timestamptz '2026-01-02 03:04:05.678+00' AS at, '{"a": [1]}'::jsonb AS json,
         '192.0.2.0/24'::cidr AS cidr, '\\x00ff'::bytea AS bytes, ARRAY['a', 'b'] AS list`,
    );
    expect(rows).toEqual([
      {
        big: 9_007_199_254_740_991,
        at: new Date('2026-01-02T03:04:05.678Z'),
        json: { a: [1] },
        cidr: '192.0.2.0/24',
        bytes: Buffer.from([0, 255]),
        list: ['a', 'b'],
      },
    ]);
  });

  test('a bigint that JavaScript would round is an error, and the pool goes on', async () => {
    await expect(database.query('SELECT 9007199254740993 AS big')).rejects.toThrow(RangeError);
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('a transaction is all or nothing, and the error that ended it comes out', async () => {
    await database.query('TRUNCATE public.numbers');
    const reason = new Error('changed my mind');

    await expect(
      database.transaction(async (tx) => {
        await tx.query('INSERT INTO public.numbers VALUES (1)');
        throw reason;
      }),
    ).rejects.toBe(reason);
    expect(await count()).toBe(0);
    await database.transaction((tx) => tx.query('INSERT INTO public.numbers VALUES (1)'));
    expect(await count()).toBe(1);
  });

  test('a snapshot sees one moment and writes nothing', async () => {
    await database.query('TRUNCATE public.numbers');
    const counts = await database.transaction(async (tx) => {
      const seen = async () =>
        (await tx.query<{ count: number }>('SELECT count(*) AS count FROM public.numbers')).rows[0];
      const before = await seen();
      await database.query('INSERT INTO public.numbers VALUES (2)');
      return [before, await seen()];
    }, 'snapshot');

    expect(counts).toEqual([{ count: 0 }, { count: 0 }]);
    const written = database.transaction(
      (tx) => tx.query('INSERT INTO public.numbers VALUES (3)'),
      'snapshot',
    );
    expect(sqlstateOf(await written.catch((error: unknown) => error))).toBe('25006');
  });

  test('a violated constraint is named', async () => {
    await database.query('TRUNCATE public.numbers');
    const twice = database.query('INSERT INTO public.numbers VALUES (1), (1)');
    expect(violatedConstraint(await twice.catch((error: unknown) => error))).toBe('numbers_key');
    expect(violatedConstraint(new Error('other'))).toBeUndefined();
  });

  test('goes on after its idle connections were killed', async () => {
    await database.query('SELECT 1');
    await killAll('pool');

    await pollUntil(() => database.query('SELECT 1'));
  });

  test('goes on after a connection was killed in the middle of a transaction', async () => {
    await expect(
      database.transaction(async (tx) => {
        await tx.query('SELECT 1');
        await killAll('pool');
        await tx.query('SELECT 1');
      }),
    ).rejects.toThrow();

    await pollUntil(() => database.query('SELECT 1'));
  });

  test('a statement that takes too long is ended by the server', async () => {
    const impatient = openDatabase({ ...options, statementTimeoutMs: 50 });
    try {
      const slow = await impatient.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
      expect(sqlstateOf(slow)).toBe('57014');
    } finally {
      await impatient.close();
    }
  });

  test('a connection outside the pool has no statement timeout and is closed afterwards', async () => {
    const setting = await database.connection(async (connection) => {
      await connection.query(`SET application_name = 'outside'`);
      return (await connection.query('SHOW statement_timeout')).rows;
    });

    expect(setting).toEqual([{ statement_timeout: '0' }]);
    await pollUntil(async () => {
      const { rowCount } = await database.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'outside'`,
      );
      return rowCount === 0;
    });
  });

  test('a role with blanks and quotes is taken from the first statement on', async () => {
    const role = `${uniqueName('odd')} "role" \\x`;
    await database.query(`CREATE ROLE "${role.replaceAll('"', '""')}"`);
    const connection = await connect({ ...options, role });
    try {
      expect((await connection.query('SELECT current_user AS role')).rows).toEqual([{ role }]);
    } finally {
      await connection.close();
      await database.query(`DROP ROLE "${role.replaceAll('"', '""')}"`);
    }
  });

  test('megabytes of rows and what the server notes about them arrive as they were sent', async () => {
    const client = await connectClient(options);
    const noted: (string | undefined)[] = [];
    client.on('notice', ({ code, message }) => noted.push(code, message));
    try {
      await client.query(`DO $$ BEGIN RAISE WARNING 'careful' USING ERRCODE = '01P01'; END $$`);
      const { rows } = await client.query(
        `SELECT repeat(number::text, 1000000) AS text FROM generate_series(0, 9) AS number`,
      );
      expect(rows).toEqual(Array.from({ length: 10 }, (_, number) => ({ text: `${number}`.repeat(1e6) })));
      expect(noted).toEqual(['01P01', 'careful']);
    } finally {
      await client.end();
    }
  });

  test('a server that never answers is given up after the connect timeout', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const sockets: { destroy(): void }[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    try {
      await expect(
        connect({ url: `postgresql://u:p@127.0.0.1:${port}/d`, applicationName: 'x', connectTimeoutMs: 100 }),
      ).rejects.toThrow(/timeout/);
    } finally {
      for (const socket of sockets) {
        socket.destroy();
      }
      silent.close();
    }
  });

  describe('a listener', () => {
    test('hears its channels, and says once when its connection is gone', async () => {
      const heard: Notification[] = [];
      const lost: Error[] = [];
      const listener = await listen({ ...options, applicationName: 'ears' }, ['mine', 'Also "mine"'], {
        onNotification: (notification) => heard.push(notification),
        onLost: (error) => lost.push(error),
      });
      await database.query(
        `SELECT pg_notify('other', '0'), pg_notify('mine', '1'), pg_notify('Also "mine"', '')`,
      );
      await pollUntil(() => heard.length === 2);
      expect(heard).toEqual([
        { channel: 'mine', payload: '1' },
        { channel: 'Also "mine"', payload: '' },
      ]);

      await listener.check();
      expect(lost).toEqual([]);
      await killAll('ears');
      await pollUntil(() => lost.length > 0);
      await listener.check();
      await listener.close();
      expect(lost).toHaveLength(1);
    });

    test('is silent after it was closed', async () => {
      const lost: Error[] = [];
      const listener = await listen({ ...options, applicationName: 'closing' }, ['mine'], {
        onNotification: () => undefined,
        onLost: (error) => lost.push(error),
      });

      await listener.close();

      await pollUntil(async () => {
        const { rowCount } = await database.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'closing'`,
        );
        return rowCount === 0;
      });
      expect(lost).toEqual([]);
    });
  });
});
