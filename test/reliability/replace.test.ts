/** An upgrade on one host without a balancer: `postern serve --replace`. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { connect, startLoad, works } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { configure, installation, postern } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve, startServing, untilLogged, untilReady } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();

const startSuccessor = (file: string, pid: number): ServingProcess =>
  running().use(startServing(address, file, { args: ['--replace', String(pid)] }));

/** The old one has a session, the new one none. */
const answers = async (serving: ServingProcess): Promise<'old' | 'new'> =>
  (await serving.metric('postern_sessions_active')) === 0 ? 'new' : 'old';

describe.each([1, 2])('postern serve --replace with workers: %i', (workers) => {
  it('refuses nobody who comes anew for each transaction', async () => {
    const file = await configure(installation(), { address, workers });
    let serving = await serve(running(), { address, workers });
    const load = await startLoad(running(), address, '-C', '-c 6', '-j 2');
    const took: string[] = [];
    for (let time = 0; time < 3; time += 1) {
      const beganAt = performance.now();
      const successor = startSuccessor(file, serving.pid);
      expect(await serving.ended).toBe(0);
      took.push(secondsSince(beganAt));
      await serving.allGone();
      await untilReady(successor);
      serving = successor;
    }
    const { processed, aborted, committed, apart } = await load.finish();
    expect(aborted).toEqual([]);
    expect({ committed, apart }).toEqual({ committed: processed, apart: 0 });
    record({
      fault: `\`postern serve --replace PID\`, three times, \`workers: ${workers}\`, under \`pgbench -C -c 6\``,
      seen: `nothing: 0 of ${processed} connections failed, 0 transactions lost`,
      lost: '0',
      effect: `${took.join(', ')} from the start of the new to the exit of the old`,
    });
  });

  it('leaves health and metrics to the successor at once, and the old one its transactions', async () => {
    const file = await configure(installation(), { address, workers });
    const old = await serve(running(), { address, workers });
    const session = await connect(running(), address);
    await session.client.query('BEGIN');
    expect(await answers(old)).toBe('old');
    const successor = startSuccessor(file, old.pid);
    await untilLogged(successor, ({ msg }) => msg === 'took over from', 30_000);
    const beganAt = performance.now();
    await pollUntil(async () => (await answers(successor)) === 'new');
    const took = secondsSince(beganAt);
    for (let time = 0; time < 20; time += 1) expect(await answers(successor)).toBe('new');
    expect(old.process.exitCode).toBe(null);
    expect(await works(session)).toBe(true);
    await session.client.query('COMMIT');
    expect((await session.ended).error.code).toBe('57P01');
    expect(await old.ended).toBe(0);
    record({
      fault: `The same with a transaction open, \`workers: ${workers}\``,
      seen: 'it commits; 57P01 afterwards',
      lost: '1 of 1, after its transaction',
      effect: `${took} until \`/readyz\` and \`/metrics\` were the successor's alone`,
    });
  });
});

describe('a successor that cannot start', () => {
  it.each([
    {
      what: 'its configuration is broken',
      change: (text: string) => text.replace('workers: 1', 'workers: many'),
      code: 78,
      says: /^postern: gate\.workers: [^\n]+\n$/,
    },
    {
      what: 'its certificate is none',
      change: (text: string) => text.replace('tls/server.crt', 'sealing.key'),
      code: 1,
      says: /^postern: [^\n]*sealing\.key[^\n]+\n$/,
    },
  ])('leaves the running one alone: $what', async ({ change, code, says }) => {
    const old = await serve(running(), { address });
    const session = await connect(running(), address);
    const good = await configure(installation(), { address });
    const file = join(installation().directory, 'successor.yaml');
    await writeFile(file, change(await readFile(good, 'utf8')));
    const successor = startSuccessor(file, old.pid);
    expect(await successor.ended).toBe(code);
    expect(successor.complaint()).toMatch(says);
    expect(await works(session)).toBe(true);
    for (let time = 0; time < 5; time += 1) expect(await works(await connect(running(), address))).toBe(true);
    expect(old.lines().filter(({ msg }) => msg === 'draining')).toEqual([]);
  });

  it('has nobody to replace, or no right to the port', async () => {
    await serve(running(), { address });
    const file = await configure(installation(), { address });
    const none = startSuccessor(file, 4_000_000);
    expect(await none.ended).toBe(1);
    expect(none.complaint()).toBe(
      'postern: The process 4000000 is no running Postern of this user: nothing to replace.\n',
    );
    await expect(postern(installation(), 'serve', '--config', file)).rejects.toThrow(
      `ended with 1: postern: The gate cannot listen on ${address}:6432: another program does already`,
    );
    record({
      fault: 'A successor that cannot start: configuration, certificate, process id, port',
      seen: 'nothing; the operator one sentence',
      lost: '0',
      effect: 'never: the running one is told last',
    });
  });
});
