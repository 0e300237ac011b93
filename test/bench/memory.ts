/** Memory as the kernel counts it: what of a process and its descendants is resident. */

import { readFileSync } from 'node:fs';
import { familyOf } from './cpu.ts';

/** https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html */
const residentKilobytes = (pid: number): number => {
  const [, kilobytes] = /^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kilobytes);
};

/** In bytes; what processes share counts for each of them. */
export const residentBytes = (pid: number): number =>
  familyOf(pid).reduce((sum, each) => sum + residentKilobytes(each) * 1_024, 0);
