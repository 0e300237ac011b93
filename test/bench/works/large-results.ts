/** The two ends of what a result can be: one row of 100 MB, and a million rows of a few bytes. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bulkWords, bytesPerGigabyte } from '../bulk-words.ts';
import { measureClient } from '../client.ts';
import { compare } from '../compare.ts';
import { comparisonTable } from '../comparison-table.ts';
import type { PeerId } from '../peers/peer.ts';
import type { Table, Work } from '../work.ts';

const peers: readonly PeerId[] = ['direct', 'pgbouncer', 'stunnel', 'postern'];

/** With what DataRow messages of them take on the wire. */
const results = [
  { name: 'one row of 100 MB', query: "SELECT repeat('x', 100000000)", bytes: 100_000_011 },
  {
    name: 'a million rows of 29 bytes',
    query: 'SELECT 1000000 + i, 1000000 FROM generate_series(1, 1000000) i',
    bytes: 29_000_000,
  },
];

/** pgbench throws away what comes; several in one session, so that logging in does not count. */
const times = 3;

export const largeResultWork: Work = {
  id: 'large-results',
  title: 'Large results',
  quick: false,
  targets: [],
  run: async (bench) => {
    const tables: Table[] = [];
    for (const { name, query, bytes } of results) {
      const script = join(bench.installation.directory, 'large.sql');
      await writeFile(script, `${query};\n`);
      const compared = await compare(bench, name, peers, (peer) =>
        measureClient(
          bench,
          peer,
          `pgbench -n -f ${script} -c 1 -t ${times}`,
          (bytes * times) / bytesPerGigabyte,
        ),
      );
      tables.push(comparisonTable(compared, { ...bulkWords, caption: `${times} times ${name}` }));
    }
    return { tables, measured: {} };
  },
};
