/** One measurement: how much work was done in which time, and what CPU that took. */

import { type CpuTime, cpuOfMachine, cpuOfProcesses } from './cpu.ts';
import type { Peer } from './peers/peer.ts';

export interface Sample {
  /** Queries, sessions, gigabytes: whatever the work counts. */
  readonly units: number;
  readonly seconds: number;
  /** Of the proxy, in seconds; null: there is none. */
  readonly proxy: CpuTime | null;
  /** Of client, proxy, server and all else, in seconds. */
  readonly machine: number;
}

/** Begins now. @returns what ends it, from when on the units are known */
export const startMeasuring = ({ pid }: Pick<Peer, 'pid'>): (() => Omit<Sample, 'units'>) => {
  const read = () => ({
    at: performance.now() / 1000,
    machine: cpuOfMachine(),
    proxy: pid === null ? null : cpuOfProcesses(pid),
  });
  const before = read();
  return () => {
    const after = read();
    const proxy = after.proxy &&
      before.proxy && {
        user: after.proxy.user - before.proxy.user,
        system: after.proxy.system - before.proxy.system,
      };
    return { seconds: after.at - before.at, machine: after.machine - before.machine, proxy };
  };
};

/** Numbers that tables and targets are made of. */
export const perSecond = ({ units, seconds }: Sample): number => units / seconds;
export const proxyCpuEach = ({ units, proxy }: Sample): number =>
  proxy ? (proxy.user + proxy.system) / units : Number.NaN;
export const proxyUserCpuEach = ({ units, proxy }: Sample): number => (proxy?.user ?? Number.NaN) / units;
export const machineCpuEach = ({ units, machine }: Sample): number => machine / units;
