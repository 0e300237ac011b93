import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { addAccount } from './another-account.ts';

const idleTimeoutMs = 1_000;
const sessionsPerAddress = 12;

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern({
    configure: (config) => ({
      ...config,
      limits: { ...config.limits, idleTimeoutMs, sessionsPerAddress },
    }),
  });
});

afterAll(() => postern?.stop());

describe("an account's limit of sessions", () => {
  it('refuses the next one, lets others in, and has room again when a session ends', async () => {
    const account = await addAccount(postern, { maxSessions: 2 });
    const busy = [await account.connect(), await account.connect()].map((client) => ({
      client,
      // Busy, because the idle limit is at work here too.
      ended: client.query('SELECT pg_sleep(600)').catch(() => undefined),
    }));
    await expect(account.connect()).rejects.toMatchObject({
      severity: 'FATAL',
      code: '53300',
      message: 'The account has reached its limit of 2 sessions.',
      hint: expect.stringContaining('Close a connection'),
    });
    expect((await (await postern.connect()).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await busy[0]?.client.end();
    const next = await pollUntil(() => account.connect());
    expect((await next.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await busy[1]?.client.end();
    await Promise.all(busy.map(({ ended }) => ended));
  });

  it('follows when it is changed', async () => {
    const account = await addAccount(postern, { maxSessions: 0 });
    await expect(account.connect()).rejects.toMatchObject({ code: '53300' });
    await changeAccount(postern.context, account.account, { maxSessions: 1 });
    await postern.caughtUp();
    expect((await (await account.connect()).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('the limit of sessions per address', () => {
  it('counts all accounts together', async () => {
    const account = await addAccount(postern);
    const seen: unknown[] = [];
    const sleepers: Promise<unknown>[] = [];
    while (seen.length === 0 && sleepers.length <= sessionsPerAddress) {
      const connect = sleepers.length % 2 === 0 ? account.connect : postern.connect;
      await connect().then(
        (client) => sleepers.push(client.query('SELECT pg_sleep(600)').catch(() => client)),
        (error: unknown) => seen.push(error),
      );
    }
    expect(seen).toEqual([
      expect.objectContaining({
        code: '53300',
        message: `This address has reached its limit of ${sessionsPerAddress} sessions.`,
      }),
    ]);
    await postern.superuser(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND datname = current_database()",
    );
    await Promise.all(sleepers);
  });
});

describe('the idle limit', () => {
  it('ends a session that nobody uses, and says so', async () => {
    const client = await postern.connect();
    const error = new Promise((resolve) => client.once('error', resolve));
    expect(await error).toMatchObject({
      code: '57P05',
      message: 'The session was ended because it was idle for 1 second.',
    });
  });

  it('does not end a session in a long query, and counts from its end', async () => {
    const client = await postern.connect();
    const { rows } = await client.query(`SELECT pg_sleep(${(idleTimeoutMs * 3) / 1000}), 1 AS one`);
    expect(rows).toEqual([expect.objectContaining({ one: 1 })]);
    expect((await client.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
  });
});
