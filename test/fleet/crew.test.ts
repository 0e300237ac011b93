/** The crew of workers in processes of their own, with workers that do what a test says. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { Desk } from '../../src/fleet/desk.ts';
import { Ledger } from '../../src/fleet/ledger.ts';
import { Workers } from '../../src/fleet/workers.ts';
import { pollUntil } from '../support/poll.ts';
import { openTestLog } from '../support/test-log.ts';
import { isAlive } from './workers-fixture.ts';

const program = fileURLToPath(new URL('scripted-worker.ts', import.meta.url));
const limits = { halfOpen: 9, halfOpenPerAddress: 9, sessionsPerAccount: 9, sessionsPerAddress: 9 };
const configWith = (sessions: number) => ({ limits: { ...limits, sessions } }) as Config;

let directory: string;
let crew: Workers;
let pids: () => number[];
let closeLog: () => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postern-crew-'));
  const { log, lines, close } = openTestLog(join(directory, 'log'), 'info');
  closeLog = close;
  pids = () =>
    lines()
      .filter(({ msg }) => msg === 'worker serves')
      .map(({ pid }) => Number(pid));
  const config = configWith(1);
  const ledger = new Ledger({ ...limits, sessions: 9 }, Date.now);
  crew = new Workers({
    count: 2,
    first: { config, instanceId: 'test', port: 0, whenReady: false },
    spawn: { program, args: [directory], environment: {}, logTo: 1 },
    openDesk: () =>
      new Desk({ ledger, cancelElsewhere: async () => 'unknown', onRoleRejected: () => undefined }),
    onDied: () => undefined,
    hangsAfterMs: 500,
    log,
  });
  await crew.start();
});

afterEach(async () => {
  vi.useRealTimers();
  await crew.stop();
  closeLog();
  await rm(directory, { recursive: true });
});

const hold = (what: 'start' | 'prepare') => writeFile(join(directory, `hold-${what}`), '');
const release = (what: 'start' | 'prepare') => rm(join(directory, `hold-${what}`));
const inForce = async () => (await crew.each((worker) => worker.state())).map((state) => state.policyVersion);

describe('a crew', () => {
  it('listens once for the end of this process, whatever the number of its workers', async () => {
    const before = process.listenerCount('exit');
    await crew.stop();
    expect(process.listenerCount('exit')).toBe(before - 1);
  });

  it('reloads a replacement that begins to serve while a reload is prepared', async () => {
    await hold('start');
    await hold('prepare');
    process.kill(pids()[0] ?? 0, 'SIGKILL');
    await pollUntil(() => crew.size === 1);
    const prepared = crew.prepareReload(configWith(2));
    await release('start');
    await pollUntil(() => crew.size === 2);
    await release('prepare');
    (await prepared)();
    await pollUntil(async () => (await inForce()).join() === '2,2');
  });

  it('reloads although a worker dies while the reload is prepared', async () => {
    await hold('prepare');
    const prepared = crew.prepareReload(configWith(2));
    process.kill(pids()[0] ?? 0, 'SIGKILL');
    await pollUntil(() => crew.size === 1);
    await release('prepare');
    (await prepared)();
    await pollUntil(async () => (await inForce()).join() === '2,2');
  });

  it('does not reload when a worker does not answer', async () => {
    await hold('prepare');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const prepared = expect(crew.prepareReload(configWith(2))).rejects.toThrow('A worker does not answer.');
    await vi.advanceTimersByTimeAsync(10_000);
    await prepared;
    expect(await inForce()).toEqual([1, 1]);
    await release('prepare');
  });

  it('comes to its end although a worker hangs', async () => {
    const [pid = 0] = pids();
    process.kill(pid, 'SIGSTOP');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const drained = crew.drain(0);
    await vi.advanceTimersByTimeAsync(10_000);
    await drained;
    expect(isAlive(pid)).toBe(false);
    await crew.stop();
    expect(crew.size).toBe(0);
  });

  it('kills and replaces a worker that does not answer any more', async () => {
    const [hanging = 0, other = 0] = pids();
    process.kill(hanging, 'SIGSTOP');
    await pollUntil(() => pids().length === 3, { timeoutMs: 20_000 });
    expect(isAlive(hanging)).toBe(false);
    expect(isAlive(other)).toBe(true);
    expect(crew.size).toBe(2);
  });
});
