/** TCP, TLS with both certificates, SCRAM, one query, the end: what a client costs that comes anew for everything. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { measureLoad } from '../client.ts';
import { type Compared, compare } from '../compare.ts';
import { comparisonTable } from '../comparison-table.ts';
import { perSecond, proxyCpuEach, type Sample } from '../measure.ts';
import type { PeerId } from '../peers/peer.ts';
import type { Table, Work } from '../work.ts';

const peers: readonly PeerId[] = ['direct', 'pgbouncer', 'pgbouncer-secret', 'stunnel', 'postern'];

/** Options of pgbench. */
export const newSessions = async (
  { installation }: Pick<Bench, 'installation'>,
  clients: number,
): Promise<string> => {
  const script = join(installation.directory, 'one.sql');
  await writeFile(script, 'SELECT 1;\n');
  return `-C -f ${script} -c ${clients} -j ${Math.min(clients, 2)}`;
};

export const sessionWords = {
  first: { column: 'sessions/s', quantity: perSecond },
  unit: 'session',
  time: 'ms',
} as const;

const measuredWithMany = (compared: Compared<Sample>) => ({
  'cpu-pgbouncer': compared.ratio('postern', 'pgbouncer', proxyCpuEach),
  'cpu-stunnel': compared.ratio('postern', 'stunnel', proxyCpuEach),
  'rate-direct': compared.ratio('postern', 'direct', perSecond),
  'rate-pgbouncer': compared.ratio('postern', 'pgbouncer', perSecond),
});

export const sessionWork: Work = {
  id: 'sessions',
  title: 'New sessions',
  quick: true,
  targets: [
    {
      id: 'cpu-pgbouncer',
      what: 'new sessions, 8 clients: proxy CPU per session, of PgBouncer’s',
      bound: 'at most',
      limit: 0.4,
      unit: '×',
    },
    {
      id: 'cpu-stunnel',
      what: 'new sessions, 8 clients: proxy CPU per session, of stunnel’s',
      bound: 'at most',
      limit: 0.8,
      unit: '×',
    },
    {
      id: 'rate-direct',
      what: 'new sessions/s, 8 clients, of direct TLS',
      bound: 'at least',
      limit: 1.4,
      unit: '×',
    },
    {
      id: 'rate-pgbouncer',
      what: 'new sessions/s, 8 clients, of PgBouncer’s',
      bound: 'at least',
      limit: 1.2,
      unit: '×',
    },
  ],
  run: async (bench) => {
    const tables: Table[] = [];
    let measured = {};
    for (const clients of bench.form.quick ? [8] : [1, 8]) {
      const caption = `${clients} ${clients === 1 ? 'client' : 'clients'}`;
      const options = await newSessions(bench, clients);
      const compared = await compare(bench, `new sessions, ${caption}`, peers, (peer) =>
        measureLoad(bench, peer, options),
      );
      tables.push(comparisonTable(compared, { ...sessionWords, caption }));
      if (clients === 8) measured = measuredWithMany(compared);
    }
    return { tables, measured };
  },
};
