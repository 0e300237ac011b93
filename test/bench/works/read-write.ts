/** pgbench's own TPC-B-like transactions: seven messages each way, four writes, locks that sessions wait for. */

import { measureLoad } from '../client.ts';
import { compare } from '../compare.ts';
import { comparisonTable } from '../comparison-table.ts';
import { perSecond } from '../measure.ts';
import type { PeerId } from '../peers/peer.ts';
import type { Work } from '../work.ts';

const peers: readonly PeerId[] = ['direct', 'pgbouncer', 'stunnel', 'postern'];
const clients = 8;

export const readWriteWork: Work = {
  id: 'read-write',
  title: 'Read and write (TPC-B-like)',
  quick: false,
  targets: [],
  run: async (bench) => {
    const compared = await compare(bench, 'TPC-B-like transactions', peers, (peer) =>
      measureLoad(bench, peer, `-M prepared -c ${clients} -j 2`),
    );
    const table = comparisonTable(compared, {
      caption: `${clients} clients`,
      first: { column: 'transactions/s', quantity: perSecond },
      unit: 'transaction',
      time: 'µs',
    });
    return { tables: [table], measured: {} };
  },
};
