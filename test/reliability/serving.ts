/** `postern serve` as a service manager runs it: a process of its own with its workers, seen by log, health and metrics. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { mainFile } from '../cli/run.ts';
import { metricSum } from '../support/metric-sum.ts';
import { pollUntil } from '../support/poll.ts';
import { configure, type InstanceSettings, installation } from './installation.ts';

export type LogLine = Readonly<Record<string, unknown>>;

export interface ServingProcess {
  readonly pid: number;
  readonly address: string;
  readonly process: ChildProcess;
  /** Every line that it and its workers have logged so far. */
  lines(): LogLine[];
  /** What it said on standard error. */
  complaint(): string;
  /** Sum over all labels that fit. @param labels as Prometheus writes them: `outcome="failed"` */
  metric(name: string, labels?: string): Promise<number>;
  /** Resolves with its exit code when it is gone; its workers may still be there. */
  readonly ended: Promise<number | null>;
  /** To it alone. */
  signal(signal: NodeJS.Signals): void;
  /** To it and its workers, as a terminal does. */
  signalAll(signal: NodeJS.Signals): void;
  /** Resolves when none of its processes is left. */
  allGone(): Promise<unknown>;
}

let started = 0;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Status of `/readyz`; null: nobody answers. */
export const readiness = ({ address }: Pick<ServingProcess, 'address'>): Promise<number | null> =>
  fetch(`http://${address}:9464/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
    ({ status }) => status,
    () => null,
  );

export interface ServingOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its log is written. */
  readonly logsIn?: string;
}

/** Starts it; whether it comes up is to be seen. @param file the configuration; what it says is written beside it */
export const startServing = (
  address: string,
  file: string,
  { args = [], environment = {}, logsIn = dirname(file) }: ServingOptions = {},
): ServingProcess & AsyncDisposable => {
  const directory = dirname(file);
  started += 1;
  // Each test file is a process that counts anew: what another one's instance has said must not be taken for this one's.
  const name = `${address}-${process.pid}-${started}`;
  const out = join(logsIn, `${name}.out`);
  const err = join(directory, `${name}.err`);
  const descriptors = [out, err].map((path) => openSync(path, 'a'));
  const child = spawn(process.execPath, [mainFile, 'serve', '--config', file, ...args], {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: ['ignore', ...descriptors],
    // A process group of its own, to be signalled as a whole.
    detached: true,
  });
  for (const descriptor of descriptors) closeSync(descriptor);
  const { pid = 0 } = child;
  const signalAll = (signal: NodeJS.Signals): void => void process.kill(-pid, signal);
  const allGone = () => pollUntil(() => !isAlive(-pid), { timeoutMs: 60_000 });
  return {
    pid,
    address,
    process: child,
    lines: () =>
      readFileSync(out, 'utf8')
        .split('\n')
        // The last one may still be being written.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LogLine),
    complaint: () => readFileSync(err, 'utf8'),
    metric: (name, labels) => metricSum(`http://${address}:9464/metrics`, name, labels),
    ended: once(child, 'exit').then(([code]) => code),
    signal: (signal) => void child.kill(signal),
    signalAll,
    allGone,
    [Symbol.asyncDispose]: async () => {
      if (isAlive(-pid)) signalAll('SIGKILL');
      await allGone();
    },
  };
};

/** Resolves when it has said why it ended, or can admit people. */
export const untilReady = async (serving: ServingProcess, timeoutMs = 30_000): Promise<void> => {
  await pollUntil(
    async () => {
      if (serving.process.exitCode !== null) return true;
      return (await readiness(serving)) === 200;
    },
    { timeoutMs, intervalMs: 25 },
  );
  if (serving.process.exitCode !== null) throw new Error(`serve ended: ${serving.complaint()}`);
};

/** Process ids of its workers that have begun to serve, in the order of their start. */
export const workerPids = ({ lines }: ServingProcess): number[] =>
  lines()
    .filter(({ msg }) => msg === 'worker serves')
    .map(({ pid }) => Number(pid));

/** Resolves when there is such a line. */
export const untilLogged = (
  { lines }: ServingProcess,
  isIt: (line: LogLine) => boolean,
  timeoutMs = 10_000,
): Promise<LogLine> => pollUntil(() => lines().find(isIt), { timeoutMs });

/** A running instance that is gone, with all its workers, when the test ends. */
export const serve = async (
  running: AsyncDisposableStack,
  settings: InstanceSettings,
  options: ServingOptions = {},
): Promise<ServingProcess> => {
  const file = await configure(installation(), settings);
  const serving = running.use(startServing(settings.address, file, options));
  await untilReady(serving);
  // Neither a warning of Node's nor a crash.
  running.defer(() => expect(serving.complaint()).toBe(''));
  return serving;
};
