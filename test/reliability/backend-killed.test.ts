/** The backend dies, as a process and as a whole, and is restarted, in the middle of work. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  firstLogin,
  onBackend,
  refusalOf,
  runForever,
  startCopy,
  untilRunning,
  works,
} from './clients.ts';
import { killCluster, startAgainBy, stopCluster } from './cluster.ts';
import { record, secondsSince } from './figures.ts';
import { installation } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();

beforeAll(async () => {
  await onBackend('CREATE TABLE copied (line text)');
  await onBackend('ALTER TABLE copied OWNER TO bench_owner');
});
afterAll(() => onBackend('DROP TABLE copied'));

const isEmpty = async (): Promise<boolean> => (await onBackend('SELECT 1 FROM copied LIMIT 1')).length === 0;

/** One session that is idle, one with a query, one with an open transaction, and psql with a COPY each way. */
const startWork = async () => {
  const [idle, busy, open] = await Promise.all([1, 2, 3].map(() => connect(running(), address)));
  if (!idle || !busy || !open) throw new Error('no sessions');
  await open.client.query('BEGIN');
  await open.client.query("INSERT INTO copied VALUES ('never committed')");
  const query = runForever(busy, 'until it dies');
  await untilRunning('until it dies');
  const copyIn = startCopy(running(), address, 'in', 'copied');
  const copyOut = startCopy(running(), address, 'out', 'out of copied');
  await untilRunning('COPY copied');
  await untilRunning('out of copied');
  return { idle, busy, open, query, copyIn, copyOut };
};

/** What each of its three sessions was told at its end. */
const toldTo = ({ idle, open, query }: Awaited<ReturnType<typeof startWork>>) =>
  Promise.all([query, ...[idle, open].map(async ({ ended }) => (await ended).error)]);

/** Postern holds nothing for sessions whose backend is gone. */
const untilAtRest = async (serving: ServingProcess): Promise<void> => {
  for (const name of ['postern_sessions_active', 'postern_connections_half_open']) {
    await expect.poll(() => serving.metric(name), { timeout: 10_000 }).toBe(0);
  }
};

const lostSentence = 'The database server behind Postern closed the connection.';

describe('a backend', () => {
  it.each(['query', 'COPY'] as const)(
    'one process of which is killed in the middle of a %s: its cluster starts anew by itself',
    async (what) => {
      const serving = await serve(running(), { address });
      const { idle, query, copyIn, copyOut } = await startWork();
      const mark = what === 'query' ? 'until it dies' : 'COPY copied';
      const [victim] = await onBackend(
        `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%${mark}%'`,
      );
      const beganAt = performance.now();
      process.kill(Number(victim?.['pid']), 'SIGKILL');
      const [failure, end, inward, outward] = await Promise.all([
        query,
        idle.ended,
        copyIn.result,
        copyOut.result,
      ]);
      const told = secondsSince(beganAt);
      expect(failure).toMatchObject({ code: '08006', message: lostSentence });
      expect(end.error).toMatchObject({ code: '08006', message: lostSentence });
      for (const { status, stderr } of [inward, outward]) {
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/Postern closed the connection|crash of another server process|connection/);
      }
      const { at, refusals } = await firstLogin(address);
      const codes = [...new Set(refusals.map(({ code }) => code))].join(', ');
      await untilAtRest(serving);
      expect(await isEmpty()).toBe(true);
      record({
        fault: `One backend process killed (SIGKILL) in the middle of a ${what}; PostgreSQL then ends all others`,
        seen: `08006 and why, after PostgreSQL's own warning; logins meanwhile refused: ${refusals.length}${codes && `, with ${codes}`}`,
        lost: '5 of 5; nothing of the open transaction or the COPY is there',
        effect: `${told} until the last was told, ${secondsSince(beganAt, at)} until the first login`,
      });
    },
  );

  it('that is killed as a whole is told to everybody, and used again once it is back', async () => {
    const serving = await serve(running(), { address });
    const work = await startWork();
    const { copyIn, copyOut } = work;
    const { backend } = installation();
    const beganAt = performance.now();
    await killCluster(backend);
    const bringBack = startAgainBy(running(), backend);
    for (const failure of await toldTo(work))
      expect(failure).toMatchObject({ code: '08006', message: lostSentence });
    const copies = await Promise.all([copyIn.result, copyOut.result]);
    for (const { status } of copies) expect(status).not.toBe(0);
    const told = secondsSince(beganAt);
    const askedAt = performance.now();
    expect(await refusalOf(address)).toMatchObject({
      code: '08006',
      message: 'The database server behind Postern cannot be reached.',
    });
    const refused = secondsSince(askedAt);
    await untilAtRest(serving);
    await bringBack();
    const backAt = performance.now();
    const { at } = await firstLogin(address);
    expect(await isEmpty()).toBe(true);
    record({
      fault:
        'Backend killed as a whole (SIGKILL to all its processes) with idle session, query, transaction, COPY in and out',
      seen: `08006 and why; logins meanwhile 08006, in ${refused}`,
      lost: '5 of 5; nothing of the open transaction or the COPY is there',
      effect: `${told} until the last was told; back: ${secondsSince(backAt, at)} until the first login`,
    });
  });

  it('that is restarted says so in its own words, and is used again at once', async () => {
    const serving = await serve(running(), { address });
    const work = await startWork();
    const { copyIn, copyOut } = work;
    const { backend } = installation();
    const beganAt = performance.now();
    const bringBack = startAgainBy(running(), backend, stopCluster(backend));
    for (const failure of await toldTo(work)) {
      expect(failure).toMatchObject({
        code: '57P01',
        message: 'terminating connection due to administrator command',
      });
    }
    expect((await copyOut.result).stderr).toContain('due to administrator command');
    // PostgreSQL closes on rows that it has not read: the reset that TCP makes of it may destroy its words.
    expect((await copyIn.result).stderr).toMatch(/due to administrator command|closed the connection/);
    const told = secondsSince(beganAt);
    const login = firstLogin(address);
    await bringBack();
    const backAt = performance.now();
    const { at, refusals } = await login;
    for (const { code } of refusals) expect(['08006', '57P03']).toContain(code);
    await untilAtRest(serving);
    expect(await isEmpty()).toBe(true);
    expect(await works(await connect(running(), address))).toBe(true);
    record({
      fault: 'Backend restarted (`pg_ctl stop -m fast`, then start), with the same work',
      seen: `57P01 in PostgreSQL's own words; logins meanwhile ${[...new Set(refusals.map(({ code }) => code))].join(' or ')}`,
      lost: '5 of 5; nothing of the open transaction or the COPY is there',
      effect: `${told} until the last was told; first login ${secondsSince(Math.min(backAt, at), at)} after it was back`,
    });
  });
});
