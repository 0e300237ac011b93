/** COPY out of a table and into one, by psql: bytes in one direction, as fast as both ends can. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { onBackend } from '../../reliability/clients.ts';
import type { Bench } from '../bench.ts';
import { bulkWords, bytesPerGigabyte } from '../bulk-words.ts';
import { measureClient, runClient } from '../client.ts';
import { compare } from '../compare.ts';
import { comparisonTable } from '../comparison-table.ts';
import { proxyCpuEach } from '../measure.ts';
import type { PeerId } from '../peers/peer.ts';
import type { Work } from '../work.ts';

const peers: readonly PeerId[] = ['direct', 'pgbouncer', 'stunnel', 'postern'];

/** A million rows of 327 bytes. @returns a file with what COPY makes of them */
const prepare = async (bench: Bench): Promise<string> => {
  bench.say('Filling the table to copy');
  for (const statement of [
    'CREATE UNLOGGED TABLE bulk AS SELECT i, repeat(md5(i::text), 10) AS filling FROM generate_series(1, 1000000) i',
    'CREATE UNLOGGED TABLE sink (LIKE bulk)',
    'ALTER TABLE bulk OWNER TO bench_owner',
    'ALTER TABLE sink OWNER TO bench_owner',
  ]) {
    await onBackend(statement, bench.installation);
  }
  const file = join(bench.installation.directory, 'bulk.copy');
  await runClient(bench, await bench.peer('direct'), `psql -Xqc 'COPY bulk TO STDOUT' -o ${file}`);
  return file;
};

export const copyWork: Work = {
  id: 'copy',
  title: 'COPY',
  quick: true,
  targets: [
    {
      id: 'out-cpu',
      what: 'COPY out: proxy CPU per GB, of PgBouncer’s',
      bound: 'at most',
      limit: 0.65,
      unit: '×',
    },
    {
      id: 'out-seconds',
      what: 'COPY out: time, of direct TLS',
      bound: 'at most',
      limit: 0.85,
      unit: '×',
    },
    {
      id: 'in-cpu',
      what: 'COPY in: proxy CPU per GB, of PgBouncer’s',
      bound: 'at most',
      limit: 0.9,
      unit: '×',
    },
  ],
  run: async (bench) => {
    const file = await prepare(bench);
    const { size } = await stat(file);
    const gigabytes = size / bytesPerGigabyte;
    const megabytes = `${Math.round(gigabytes * 1000)} MB`;
    const out = await compare(bench, 'COPY out', peers, (peer) =>
      measureClient(bench, peer, "psql -Xqc 'COPY bulk TO STDOUT' -o /dev/null", gigabytes),
    );
    const into = await compare(bench, 'COPY in', peers, async (peer) => {
      await onBackend('TRUNCATE sink', bench.installation);
      return measureClient(bench, peer, `psql -Xqc 'COPY sink FROM STDIN' < ${file}`, gigabytes);
    });
    await onBackend('DROP TABLE bulk, sink', bench.installation);
    return {
      tables: [
        comparisonTable(out, { ...bulkWords, caption: `Out, ${megabytes}` }),
        comparisonTable(into, { ...bulkWords, caption: `In, ${megabytes}` }),
      ],
      measured: {
        'out-cpu': out.ratio('postern', 'pgbouncer', proxyCpuEach),
        'out-seconds': out.ratio('postern', 'direct', ({ seconds }) => seconds),
        'in-cpu': into.ratio('postern', 'pgbouncer', proxyCpuEach),
      },
    };
  },
};
