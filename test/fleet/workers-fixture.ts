/** What tests see of an instance with workers in processes of their own. */

import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Config } from '../../src/config/config.ts';
import type { TestPostern } from '../support/postern.ts';

type Logged = Pick<TestPostern, 'logLines'>;

/** For `configure`. */
export const withWorkers =
  (workers: number, more: (config: Config) => Config = (config) => config) =>
  (config: Config): Config =>
    more({ ...config, gate: config.gate && { ...config.gate, workers } });

/** Process ids of the workers that have begun to serve, by their numbers. */
export const workerPids = ({ logLines }: Logged): ReadonlyMap<number, number> =>
  new Map(
    logLines()
      .filter(({ msg }) => msg === 'worker serves')
      .map(({ worker, pid }) => [Number(worker), Number(pid)]),
  );

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Process ids of this process's children. */
export const childPids = async (): Promise<number[]> => {
  const tasks = await readdir('/proc/self/task');
  const lists = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
};

/** Everything that other users of the computer, or its administrator, read about a process without looking into it. */
export const shownOf = async (pid: number): Promise<string> => {
  const parts = ['cmdline', 'environ', 'comm'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8'));
  return [...(await Promise.all(parts)), await readlink(`/proc/${pid}/cwd`)].join('\n');
};
