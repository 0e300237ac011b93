/** Workers that die, and what becomes of everybody else. */

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { metricSum } from '../support/metric-sum.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { childPids, isAlive, withWorkers, workerPids } from './workers-fixture.ts';

let running = new AsyncDisposableStack();

afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const start = async (): Promise<TestPostern> => {
  const postern = await startPostern({ configure: withWorkers(2) });
  running.defer(postern.stop);
  return postern;
};

const scrape = ({ serving }: TestPostern, name: string): Promise<number> =>
  metricSum(`http://127.0.0.1:${serving.telemetryPort}/metrics`, name);

const works = async (client: Awaited<ReturnType<TestPostern['connect']>>): Promise<boolean> =>
  client.query('SELECT 1').then(
    () => true,
    () => false,
  );

describe('a worker that is killed', () => {
  it('takes its own sessions with it and no others, and is replaced', async () => {
    const postern = await start();
    const clients = await Promise.all(Array.from({ length: 12 }, () => postern.connect()));
    const connections = await pollUntil(async () => {
      const found = await scrape(postern, 'postern_sessions_active');
      return found === 12 && found;
    });
    const counted = await scrape(postern, 'postern_bytes_total');
    const [pid = 0] = workerPids(postern).values();
    process.kill(pid, 'SIGKILL');
    const [died] = await pollUntil(() => {
      const lines = postern.logLines().filter(({ msg }) => msg === 'a worker has died');
      return lines.length > 0 && lines;
    });
    const alive = (await Promise.all(clients.map(works))).filter(Boolean).length;
    expect(died).toMatchObject({ pid, signal: 'SIGKILL', sessions: connections - alive });
    // What it held is free, and others come in meanwhile.
    await pollUntil(async () => (await scrape(postern, 'postern_sessions_active')) === alive);
    await (await postern.connect()).query('SELECT 1');
    await pollUntil(() => workerPids(postern).size === 3, { timeoutMs: 20_000 });
    expect(await scrape(postern, 'postern_workers')).toBe(2);
    expect(await scrape(postern, 'postern_worker_deaths_total')).toBe(1);
    // No counter falls when the process that counted is gone.
    expect(await scrape(postern, 'postern_bytes_total')).toBeGreaterThanOrEqual(counted);
  });

  it('leaves nothing behind in the store', async () => {
    const postern = await start();
    await Promise.all(Array.from({ length: 6 }, () => postern.connect()));
    const sessions = async () =>
      (await postern.store.owner.query('SELECT 1 FROM postern.sessions')).rows.length;
    await pollUntil(async () => (await sessions()) === 6);
    for (const pid of workerPids(postern).values()) process.kill(pid, 'SIGKILL');
    await pollUntil(async () => (await sessions()) === 0);
    const client = await pollUntil(() => postern.connect(), { timeoutMs: 20_000 });
    expect(await works(client)).toBe(true);
  });
});

describe('a worker that hangs', () => {
  it('keeps its instance from saying by which policy it decides', async () => {
    const postern = await start();
    const version = async () => {
      const { rows } = await postern.store.owner.query<{ version: string | null }>(
        'SELECT policy_version AS version FROM postern.instances',
      );
      return rows[0]?.version;
    };
    const [pid = 0] = workerPids(postern).values();
    await pollUntil(async () => (await version()) !== null);
    process.kill(pid, 'SIGSTOP');
    await pollUntil(async () => (await version()) === null, { timeoutMs: 20_000 });
    process.kill(pid, 'SIGCONT');
    await pollUntil(async () => (await version()) !== null, { timeoutMs: 20_000 });
  });
});

describe('several workers that are stopped', () => {
  it('tell the sessions of all of them, and are gone', async () => {
    const postern = await start();
    const clients = await Promise.all(Array.from({ length: 6 }, () => postern.connect()));
    const told = clients.map((client) => new Promise<unknown>((resolve) => client.once('error', resolve)));
    const pids = [...workerPids(postern).values()];
    expect(await childPids()).toEqual(expect.arrayContaining(pids));
    await postern.serving.stop();
    for (const end of await Promise.all(told)) expect(end).toMatchObject({ code: '57P01' });
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('several workers that reload', () => {
  it('all take the new certificate over, or none does', async () => {
    const postern = await start();
    const certificateFile = postern.config.gate?.certificateFile ?? '';
    const broken = join(postern.directory, 'broken.crt');
    await writeFile(broken, 'no certificate');
    postern.rewrite((config) => ({
      ...config,
      gate: config.gate && { ...config.gate, certificateFile: broken },
    }));
    expect(await postern.serving.reload('test')).toBe('failed');
    expect(postern.logLines().findLast(({ msg }) => String(msg).startsWith('not reloaded'))).toMatchObject({
      problem: expect.stringContaining(broken),
    });
    for (let time = 0; time < 4; time += 1) expect(await works(await postern.connect())).toBe(true);
    postern.rewrite((config) => ({
      ...config,
      gate: config.gate && { ...config.gate, certificateFile },
      limits: { ...config.limits, sessionsPerAccount: 4 },
    }));
    expect(await postern.serving.reload('test')).toBe('applied');
    await expect(postern.connect()).rejects.toMatchObject({
      message: 'The account has reached its limit of 4 sessions.',
    });
  });

  it('a replacement serves by what was reloaded since', async () => {
    const postern = await start();
    const { certificateFile = '' } = postern.config.gate ?? {};
    const moved = join(postern.directory, 'moved.crt');
    await rename(certificateFile, moved);
    postern.rewrite((config) => ({
      ...config,
      gate: config.gate && { ...config.gate, certificateFile: moved },
    }));
    expect(await postern.serving.reload('test')).toBe('applied');
    for (const pid of workerPids(postern).values()) process.kill(pid, 'SIGKILL');
    expect(await works(await pollUntil(() => postern.connect(), { timeoutMs: 20_000 }))).toBe(true);
  });
});
