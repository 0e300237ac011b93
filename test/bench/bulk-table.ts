/** The table of something large that was moved through several peers: how long it took, and what a gigabyte costs. */

import type { Compared } from './compare.ts';
import { machineCpuEach, proxyCpuEach, proxyUserCpuEach, type Sample } from './measure.ts';
import { inDigits } from './statistics.ts';
import type { Table } from './work.ts';

export const bytesPerGigabyte = 1e9;

const secondsOf = ({ seconds }: Sample): number => seconds;

/** @param compared its units are gigabytes */
export const bulkTable = (compared: Compared<Sample>, caption: string): Table => ({
  caption,
  columns: [
    '',
    'seconds',
    '× direct TLS',
    '× PgBouncer',
    'proxy CPU per GB, s',
    'of it in user mode',
    '× PgBouncer',
    '× stunnel',
    'all CPU per GB, s',
  ],
  rows: compared.peers.map(({ id, name }) => [
    name,
    inDigits(compared.typical(id, secondsOf)),
    inDigits(compared.ratio(id, 'direct', secondsOf)),
    inDigits(compared.ratio(id, 'pgbouncer', secondsOf)),
    inDigits(compared.typical(id, proxyCpuEach)),
    inDigits(compared.typical(id, proxyUserCpuEach)),
    inDigits(compared.ratio(id, 'pgbouncer', proxyCpuEach)),
    inDigits(compared.ratio(id, 'stunnel', proxyCpuEach)),
    inDigits(compared.typical(id, machineCpuEach)),
  ]),
});
