/** How much longer one client waits for its point query than with direct TLS, typically and at worst. */

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { runClient } from '../client.ts';
import { compare } from '../compare.ts';
import type { Peer, PeerId } from '../peers/peer.ts';
import { parseLog } from '../pgbench-output.ts';
import { inDigits, quantile } from '../statistics.ts';
import type { Work } from '../work.ts';
import { pointQueries } from './point-queries.ts';

const peers: readonly PeerId[] = ['direct', 'pgbouncer', 'stunnel', 'postern'];

interface Latency {
  /** In microseconds. */
  readonly p50: number;
  readonly p99: number;
}

const measureLatency = async (bench: Bench, peer: Peer): Promise<Latency> => {
  const { directory } = bench.installation;
  await runClient(
    bench,
    peer,
    `pgbench -n -T ${bench.form.seconds} ${pointQueries(1)} --log --log-prefix=latency`,
  );
  const [name = ''] = (await readdir(directory)).filter((each) => each.startsWith('latency.'));
  const file = join(directory, name);
  const waits = parseLog(await readFile(file, 'utf8'));
  await rm(file);
  return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
};

export const latencyWork: Work = {
  id: 'latency',
  title: 'Latency',
  quick: false,
  targets: [],
  run: async (bench) => {
    const compared = await compare(bench, 'latency', peers, (peer) => measureLatency(bench, peer));
    const row = ({ id }: Peer) =>
      (['p50', 'p99'] as const).flatMap((share) => {
        const typical = compared.typical(id, (latency) => latency[share]);
        const added = compared.difference(id, 'direct', (latency) => latency[share]);
        return [inDigits(typical), id === 'direct' ? '–' : inDigits(added)];
      });
    return {
      tables: [
        {
          caption: 'Point queries of 1 client, in microseconds',
          columns: ['', 'p50', 'added to direct TLS', 'p99', 'added to direct TLS'],
          rows: compared.peers.map((peer) => [peer.name, ...row(peer)]),
        },
      ],
      measured: {},
    };
  },
};
