/**
 * The table of what was measured on several peers: amounts, and how they compare with those that Postern is measured
 * against, as far as they took part.
 */

import type { Compared } from './compare.ts';
import { machineCpuEach, proxyCpuEach, proxyUserCpuEach, type Sample } from './measure.ts';
import type { PeerId } from './peers/peer.ts';
import { inDigits } from './statistics.ts';
import type { Table } from './work.ts';

export interface Words {
  readonly caption: string;
  /** What the peers are compared by, and how that is told. */
  readonly first: {
    readonly column: string;
    readonly quantity: (sample: Sample) => number;
  };
  /** What CPU time is for: `query`. */
  readonly unit: string;
  readonly time: 'µs' | 'ms' | 's';
}

const timesPerSecond = { µs: 1e6, ms: 1e3, s: 1 } as const;

export const comparisonTable = (compared: Compared<Sample>, { caption, first, unit, time }: Words): Table => {
  const inTime = (seconds: number) => inDigits(seconds * timesPerSecond[time]);
  const against = (...others: readonly PeerId[]) => compared.peers.filter(({ id }) => others.includes(id));
  const forRate = against('direct', 'pgbouncer');
  const forCpu = against('pgbouncer', 'stunnel');
  const times = ({ name }: { readonly name: string }) => `× ${name}`;
  return {
    caption,
    columns: [
      '',
      first.column,
      ...forRate.map(times),
      `proxy CPU per ${unit}, ${time}`,
      'of it in user mode',
      ...forCpu.map(times),
      `all CPU per ${unit}, ${time}`,
    ],
    rows: compared.peers.map(({ id, name }) => [
      name,
      inDigits(compared.typical(id, first.quantity)),
      ...forRate.map((other) => inDigits(compared.ratio(id, other.id, first.quantity))),
      inTime(compared.typical(id, proxyCpuEach)),
      inTime(compared.typical(id, proxyUserCpuEach)),
      ...forCpu.map((other) => inDigits(compared.ratio(id, other.id, proxyCpuEach))),
      inTime(compared.typical(id, machineCpuEach)),
    ]),
  };
};
