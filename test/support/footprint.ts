/** What a process takes, as the kernel counts it: resident memory, file descriptors, sockets. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Footprint {
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly sockets: number;
}

const targetOf = (link: string): string => {
  try {
    return readlinkSync(link);
  } catch {
    // Closed meanwhile.
    return '';
  }
};

/** A process that is there. */
export const footprintOf = (pid: number): Footprint => {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const open = readdirSync(`/proc/${pid}/fd`).map((name) => targetOf(`/proc/${pid}/fd/${name}`));
  return {
    residentBytes: Number(resident) * 1024,
    descriptors: open.length,
    sockets: open.filter((target) => target.startsWith('socket:')).length,
  };
};
