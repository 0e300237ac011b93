/**
 * CPU time as the kernel counts it, in seconds: of a process with its descendants, and of the whole machine. What a process
 * had used that is gone is not counted, so ask while they live.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */

import { readdirSync, readFileSync } from 'node:fs';

export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** What /proc counts in: USER_HZ, 100 wherever Linux runs Node. */
const ticksPerSecond = 100;

export const parseProcessStat = (stat: string): CpuTime => {
  // The name stands in parentheses and may have anything in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / ticksPerSecond, system: Number(fields[12]) / ticksPerSecond };
};

/** All that is neither idle nor waiting for a disk, nor was taken by other machines on the same host. */
export const parseMachineStat = (stat: string): number => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (stat.split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
};

/** None for a thread that has just ended. */
const childrenOf = (pid: number, task: string): number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

export const familyOf = (pid: number): number[] => {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOf(pid, task));
  return [pid, ...children.flatMap(familyOf)];
};

export const cpuOfProcesses = (pid: number): CpuTime =>
  familyOf(pid)
    .map((each) => parseProcessStat(readFileSync(`/proc/${each}/stat`, 'utf8')))
    .reduce((sum, each) => ({ user: sum.user + each.user, system: sum.system + each.system }));

/** Of one process, in both modes, by the names of its threads: what a profile of its main thread does not show. */
export const cpuOfThreads = (pid: number): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const { user, system } = parseProcessStat(stat);
    found.set(name, (found.get(name) ?? 0) + user + system);
  }
  return found;
};

export const cpuOfMachine = (): number => parseMachineStat(readFileSync('/proc/stat', 'utf8'));
