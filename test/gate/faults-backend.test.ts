import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { postgresUrl } from '../support/postgres.ts';
import { proveByScram, query } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { startForwarder } from './forwarder.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { backendWith } from './stub-backend.ts';

const cluster = new URL(postgresUrl());
const way = await startForwarder({ host: cluster.hostname, port: Number(cluster.port) });
afterEach(() => way.mend());
afterAll(() => way.stop());

const gate = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: way.port }) });

describe('a backend that goes away', () => {
  it('with a word is quoted word for word', async () => {
    const { client } = await gate.loggedIn();
    const [[pid] = []] = await query(client, 'SELECT pg_backend_pid()');
    await gate.postern.superuser(`SELECT pg_terminate_backend(${pid})`);
    expect(await client.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '57P01',
      message: 'terminating connection due to administrator command',
      detail: '',
    });
    expect(await gate.logged({ side: 'backend' })).toMatchObject({ outcome: 'admitted' });
  });

  it.each([
    ['idle', null],
    ['in the middle of a query', 'SELECT pg_sleep(600)'],
  ])(
    'without a word is told to its clients, and others are let in once it is back: %s',
    async (_name, sql) => {
      const { client } = await gate.loggedIn();
      if (sql !== null) client.send(message('Q', Buffer.from(`${sql}\0`)));
      way.cut();
      expect(await client.refusal()).toMatchObject({
        severity: 'FATAL',
        sqlstate: '08006',
        message: 'The database server behind Postern closed the connection.',
      });
      await gate.logged({ reason: 'backend-lost', outcome: 'admitted' });

      const early = await gate.greeted();
      await proveByScram(early, gate.postern.readerKey);
      expect(await early.refusal()).toMatchObject({
        sqlstate: '08006',
        message: 'The database server behind Postern cannot be reached.',
      });
      way.mend();
      await gate.loggedIn();
    },
  );

  it('in the middle of a row is not told in the middle of the row', async () => {
    const { client } = await gate.loggedIn();
    client.send(message('Q', Buffer.from("SELECT repeat('x', 50000000)\0")));
    expect((await client.readMessage()).type).toBe('T');
    await client.read(5);
    way.cut();
    // Whatever of the row was on its way still comes; never an error that would be read as part of it.
    const rest = await client.rest();
    expect(rest.length).toBeLessThan(50_000_000);
    expect(rest.subarray(6).every((byte) => byte === 0x78)).toBe(true);
    await gate.logged({ reason: 'backend-lost' });
  });
});
