/** One row by its key, prepared once: the smallest thing that a session does, and the most often. */

import { measureLoad } from '../client.ts';
import { type Compared, compare } from '../compare.ts';
import { comparisonTable } from '../comparison-table.ts';
import { perSecond, proxyCpuEach, type Sample } from '../measure.ts';
import type { PeerId } from '../peers/peer.ts';
import type { Table, Work } from '../work.ts';

const peers: readonly PeerId[] = ['direct', 'pgbouncer', 'stunnel', 'postern'];

/** Options of pgbench. */
export const pointQueries = (clients: number): string =>
  `-S -M prepared -c ${clients} -j ${Math.min(clients, 2)}`;

export const pointQueryWords = {
  first: { column: 'queries/s', quantity: perSecond },
  unit: 'query',
  time: 'µs',
} as const;

const measuredWith: Readonly<Record<number, (compared: Compared<Sample>) => Record<string, number>>> = {
  1: (compared) => ({ 'rate-1': compared.ratio('postern', 'pgbouncer', perSecond) }),
  8: (compared) => ({
    'cpu-pgbouncer': compared.ratio('postern', 'pgbouncer', proxyCpuEach),
    'cpu-stunnel': compared.ratio('postern', 'stunnel', proxyCpuEach),
    'rate-8': compared.ratio('postern', 'pgbouncer', perSecond),
  }),
};

export const pointQueryWork: Work = {
  id: 'point-queries',
  title: 'Point queries',
  quick: true,
  targets: [
    {
      id: 'cpu-pgbouncer',
      what: 'point queries, 8 clients: proxy CPU per query, of PgBouncer’s',
      bound: 'at most',
      limit: 1.15,
      unit: '×',
    },
    {
      id: 'cpu-stunnel',
      what: 'point queries, 8 clients: proxy CPU per query, of stunnel’s',
      bound: 'at most',
      limit: 0.85,
      unit: '×',
    },
    {
      id: 'rate-8',
      what: 'point queries/s, 8 clients, of PgBouncer’s',
      bound: 'at least',
      limit: 1,
      unit: '×',
    },
    {
      id: 'rate-1',
      what: 'point queries/s, 1 client, of PgBouncer’s',
      bound: 'at least',
      limit: 1,
      unit: '×',
    },
  ],
  run: async (bench) => {
    const tables: Table[] = [];
    let measured: Record<string, number> = {};
    for (const clients of bench.form.quick ? [1, 8] : [1, 8, 32]) {
      const caption = `${clients} ${clients === 1 ? 'client' : 'clients'}`;
      const compared = await compare(bench, `point queries, ${caption}`, peers, (peer) =>
        measureLoad(bench, peer, pointQueries(clients)),
      );
      tables.push(comparisonTable(compared, { ...pointQueryWords, caption }));
      measured = { ...measured, ...measuredWith[clients]?.(compared) };
    }
    return { tables, measured };
  },
};
