/** The table of a load that was compared on several peers: how much per second, and what one of it costs. */

import type { Compared } from './compare.ts';
import { machineCpuEach, perSecond, proxyCpuEach, proxyUserCpuEach, type Sample } from './measure.ts';
import { inDigits } from './statistics.ts';
import type { Table } from './work.ts';

export interface LoadWords {
  readonly caption: string;
  /** One of it: `query`; and several. */
  readonly one: string;
  readonly many: string;
  /** What CPU time is told in, and how many of these a second has. */
  readonly time: 'µs' | 'ms' | 's';
}

const perSecondOf = { µs: 1e6, ms: 1e3, s: 1 } as const;

export const loadTable = (compared: Compared<Sample>, { caption, one, many, time }: LoadWords): Table => {
  const inTime = (seconds: number) => inDigits(seconds * perSecondOf[time]);
  return {
    caption,
    columns: [
      '',
      `${many}/s`,
      '× direct TLS',
      '× PgBouncer',
      `proxy CPU per ${one}, ${time}`,
      'of it in user mode',
      '× PgBouncer',
      '× stunnel',
      `all CPU per ${one}, ${time}`,
    ],
    rows: compared.peers.map(({ id, name }) => [
      name,
      inDigits(compared.typical(id, perSecond)),
      inDigits(compared.ratio(id, 'direct', perSecond)),
      inDigits(compared.ratio(id, 'pgbouncer', perSecond)),
      inTime(compared.typical(id, proxyCpuEach)),
      inTime(compared.typical(id, proxyUserCpuEach)),
      inDigits(compared.ratio(id, 'pgbouncer', proxyCpuEach)),
      inDigits(compared.ratio(id, 'stunnel', proxyCpuEach)),
      inTime(compared.typical(id, machineCpuEach)),
    ]),
  };
};
