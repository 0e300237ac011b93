/** What a second worker brings where clients, server and proxy share the processors. */

import { measureLoad } from '../client.ts';
import { compare } from '../compare.ts';
import { comparisonTable } from '../comparison-table.ts';
import type { PeerId } from '../peers/peer.ts';
import type { Work } from '../work.ts';
import { pointQueries, pointQueryWords } from './point-queries.ts';
import { newSessions, sessionWords } from './sessions.ts';

const peers: readonly PeerId[] = ['pgbouncer', 'postern', 'postern-2-workers'];
const clients = 8;

export const workerWork: Work = {
  id: 'workers',
  title: 'One worker and two',
  quick: false,
  targets: [],
  run: async (bench) => {
    const queries = await compare(bench, 'point queries with workers', peers, (peer) =>
      measureLoad(bench, peer, pointQueries(clients)),
    );
    const options = await newSessions(bench, clients);
    const sessions = await compare(bench, 'new sessions with workers', peers, (peer) =>
      measureLoad(bench, peer, options),
    );
    return {
      tables: [
        comparisonTable(queries, { ...pointQueryWords, caption: `Point queries, ${clients} clients` }),
        comparisonTable(sessions, { ...sessionWords, caption: `New sessions, ${clients} clients` }),
      ],
      measured: {},
    };
  },
};
