/** Clients that vanish in the middle of a COPY, and those that close one half of their connection. */

import { describe, expect, it } from 'vitest';
import { buildTerminate } from '../../src/wire/frontend-messages.ts';
import { query, takeOver, typesOf } from '../e2e/raw-session.ts';
import { pollUntil } from '../support/poll.ts';
import { message } from '../support/raw-messages.ts';
import { backendAtRest, connect, onBackend, untilRunning } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();

const untilNoSession = (serving: ServingProcess) =>
  pollUntil(async () => (await serving.metric('postern_sessions_active')) === 0);

describe('a client that vanishes in the middle of a COPY', () => {
  it.each([
    { by: 'FIN', vanish: 'destroy' },
    { by: 'RST', vanish: 'resetAndDestroy' },
  ] as const)('by $by leaves no row, no query, no session', async ({ by, vanish }) => {
    await onBackend('CREATE TABLE half (line text)');
    await onBackend('ALTER TABLE half OWNER TO bench_owner');
    running().defer(async () => void (await onBackend('DROP TABLE half')));
    const serving = await serve(running(), { address, workers: 2 });
    const [inside, outside] = [await connect(running(), address), await connect(running(), address)];
    const [inward, outward] = [takeOver(inside.client), takeOver(outside.client)];
    inward.stream.write(query('COPY half FROM STDIN'));
    await untilRunning('COPY half');
    const rows = message('d', Buffer.from('one line of many\n'.repeat(1_000)));
    for (let time = 0; time < 50; time += 1) inward.stream.write(rows);
    // In the middle of a message.
    inward.stream.write(rows.subarray(0, 100));
    outward.stream.removeAllListeners('data').pause();
    outward.stream.write(query('COPY (SELECT generate_series(1, 1000000000)) TO STDOUT'));
    await untilRunning('generate_series(1, 1000000000)');
    await pollUntil(() => inward.stream.writableLength === 0);
    const beganAt = performance.now();
    inside.socket[vanish]();
    outside.socket[vanish]();
    await backendAtRest();
    const gone = secondsSince(beganAt);
    await untilNoSession(serving);
    expect(await onBackend('SELECT 1 FROM half LIMIT 1')).toEqual([]);
    record({
      fault: `Clients vanish in the middle of a COPY in and a COPY out (${by})`,
      seen: '–',
      lost: '2 of 2; not one row is written',
      effect: `${gone} until the backend had neither session`,
    });
  });
});

describe('a half of a connection that is closed', () => {
  it('by a client that has said goodbye: it still reads all that it asked for', async () => {
    const serving = await serve(running(), { address });
    const { stream, ended, received } = takeOver((await connect(running(), address)).client);
    const rows = 200_000;
    const beganAt = performance.now();
    stream.end(
      Buffer.concat([query(`SELECT repeat('x', 100) FROM generate_series(1, ${rows})`), buildTerminate()]),
    );
    await ended;
    const took = secondsSince(beganAt);
    const { messages, unfinishedBytes } = received();
    expect(unfinishedBytes).toBe(0);
    expect(typesOf(messages)).toBe(`T${'D'.repeat(rows)}CZ`);
    await untilNoSession(serving);
    record({
      fault: 'Client closes its half (FIN) behind a query and its goodbye',
      seen: `all ${rows} rows, then the end`,
      lost: '0',
      effect: `${took} until it had read all`,
    });
  });

  it('by a client without a word: what it asked for is cancelled after a moment', async () => {
    const serving = await serve(running(), { address });
    const { stream, ended } = takeOver((await connect(running(), address)).client);
    stream.write(query('SELECT pg_sleep(600) -- half closed'));
    await untilRunning('half closed');
    const beganAt = performance.now();
    stream.end();
    await ended;
    const told = secondsSince(beganAt);
    await backendAtRest();
    await untilNoSession(serving);
    record({
      fault: 'Client closes its half (FIN) in the middle of a query',
      seen: '57014, then the end',
      lost: '1 of 1',
      effect: `${told} until it was told; nothing runs on`,
    });
  });
});
