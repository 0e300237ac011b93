import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { withMemoryGrowth } from '../support/memory.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { addAccount } from './another-account.ts';
import { errorOf, query, takeOver, typesOf } from './raw-session.ts';

const mebibyte = 1024 * 1024;
const revoked = 'The session was ended because its certificate was revoked.';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

/** A session that asked for a big result and does not read it, so that everything on the way is full. */
const sessionThatDoesNotRead = async (select: string) => {
  const account = await addAccount(postern);
  const session = takeOver(await account.connect());
  const mark = `${account.account} streams`;
  session.stream.pause();
  session.stream.write(query(`${select} -- ${mark}`));
  await untilRunning(postern, mark);
  await pollUntil(
    async () => {
      const [row] = await postern.superuser(
        `SELECT wait_event FROM pg_stat_activity WHERE query LIKE '%${mark}' AND pid <> pg_backend_pid()`,
      );
      return row?.['wait_event'] === 'ClientWrite';
    },
    // A starved machine takes its time to make a row of 200 MB.
    { timeoutMs: 20_000 },
  );
  return {
    ...session,
    mark,
    revoke: () => revokeCertificate(postern.context, account.account, 'laptop', null),
    untilLogged: () =>
      pollUntil(
        () => postern.logLines().find((line) => line['account'] === account.account && line['outcome']),
        {
          timeoutMs: 10_000,
        },
      ),
  };
};

describe('a session that is ended in the middle of a big result', () => {
  it('gets whole rows and then the reason, when the client goes on reading', async () => {
    const session = await sessionThatDoesNotRead("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)");
    await session.revoke();
    session.stream.resume();
    await session.ended;
    const { messages, unfinishedBytes } = session.received();
    expect(unfinishedBytes).toBe(0);
    expect(typesOf(messages)).toMatch(/^TD+E$/);
    expect(errorOf(messages)).toMatchObject({ sqlstate: '57P01', message: revoked });
    await untilNoneRuns(postern, session.mark, 2_000);
  });

  it('is closed without a word when the message on its way does not come to its end in time', async () => {
    const session = await sessionThatDoesNotRead(`SELECT repeat('x', ${50 * mebibyte})`);
    await session.revoke();
    await untilNoneRuns(postern, session.mark, 5_000);
    await session.untilLogged();
    session.stream.resume();
    await session.ended;
    const { messages, unfinishedBytes } = session.received();
    expect(typesOf(messages)).toBe('T');
    expect(unfinishedBytes).toBeGreaterThan(0);
  });

  it('does not gather the rest of a long row for a client that reads slowly', async () => {
    const session = await sessionThatDoesNotRead(`SELECT repeat('x', ${200 * mebibyte})`);
    session.stream.removeAllListeners('data');
    const { grownBytes } = await withMemoryGrowth(async () => {
      await session.revoke();
      session.stream.on('data', () => {
        session.stream.pause();
        setTimeout(() => session.stream.resume(), 5);
      });
      session.stream.resume();
      await session.untilLogged();
    });
    session.stream.destroy();
    expect(grownBytes).toBeLessThan(100 * mebibyte);
  });
});
