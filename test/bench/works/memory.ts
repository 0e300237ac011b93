/** What an idle session costs in memory: few on a real PostgreSQL beside the peers, and very many on a stub. */

import { configure, libpq } from '../../reliability/installation.ts';
import { startServing, untilReady } from '../../reliability/serving.ts';
import type { Bench } from '../bench.ts';
import { residentBytes } from '../memory.ts';
import { addresses } from '../peers/ground.ts';
import type { Peer } from '../peers/peer.ts';
import { openIdleSessions, startStubBackend } from '../sessions/idle-sessions.ts';
import { inDigits } from '../statistics.ts';
import { warmUp } from '../warm-up.ts';
import type { Table, Work } from '../work.ts';

const few = 300;
const many = 10_000;

interface Idle {
  readonly before: number;
  readonly after: number;
  readonly alive: number;
}

type Measurable = Pick<Peer, 'environment' | 'pid' | 'name'>;

const measureIdle = async (
  bench: Bench,
  { environment, pid, name }: Measurable,
  count: number,
): Promise<Idle> => {
  bench.signal.throwIfAborted();
  await using running = new AsyncDisposableStack();
  bench.say(`${name}: ${count} idle sessions`);
  const before = residentBytes(Number(pid));
  const sessions = await openIdleSessions(running, environment, count);
  const after = residentBytes(Number(pid));
  return { before, after, alive: await sessions.alive() };
};

/** With limits that so many sessions of one account and address need. */
const startPostern = async (
  { installation }: Bench,
  running: AsyncDisposableStack,
  workers: number,
  backendAddress: string,
): Promise<Measurable> => {
  const address = addresses.memory;
  const backend = { ...installation.backend, address: backendAddress };
  const file = await configure({ ...installation, backend }, { address, workers, sessions: 2 * many });
  const serving = running.use(startServing(address, file));
  await untilReady(serving);
  return { environment: libpq(installation.bench, address), pid: serving.pid, name: 'Postern' };
};

const kilobytesEach = ({ before, after }: Idle, count: number): number => (after - before) / 1_024 / count;

const row = (name: string, idle: Idle, count: number): string[] => [
  name,
  `${inDigits(idle.before / 1e6)} MB`,
  `${inDigits(idle.after / 1e6)} MB`,
  `${inDigits(kilobytesEach(idle, count))} KB`,
  `${idle.alive} of ${count}`,
];

const tableOf = (caption: string, rows: Table['rows']): Table => ({
  caption,
  columns: ['', 'before', 'with them', 'each', 'answer afterwards'],
  rows,
});

/** A file descriptor towards the client and one towards the backend are more than one process may have. */
const workersForMany = 2;

export const memoryWork: Work = {
  id: 'memory',
  title: 'Memory of idle sessions',
  quick: false,
  targets: [
    { id: 'few', what: `${few} idle sessions: memory of each`, bound: 'at most', limit: 40, unit: 'KB' },
    { id: 'many', what: '10 000 idle sessions: memory of Postern', bound: 'at most', limit: 600, unit: 'MB' },
    {
      id: 'each-of-many',
      what: '10 000 idle sessions: memory of each',
      bound: 'at most',
      limit: 40,
      unit: 'KB',
    },
    {
      id: 'alive',
      what: '10 000 idle sessions: alive afterwards',
      bound: 'at least',
      limit: many,
      unit: 'sessions',
    },
  ],
  run: async (bench) => {
    const { backend } = bench.installation;
    await using running = new AsyncDisposableStack();
    const peers = [await bench.peer('pgbouncer'), await bench.peer('stunnel')];
    const ours = await startPostern(bench, running, 1, backend.address);
    const rows: string[][] = [];
    for (const peer of peers) rows.push(row(peer.name, await measureIdle(bench, peer, few), few));
    // As the others have been: the first logins also bring the garbage collector to its size.
    await warmUp(bench.installation, ours);
    const idleFew = await measureIdle(bench, ours, few);
    await running.disposeAsync();
    await using large = new AsyncDisposableStack();
    await startStubBackend(large, addresses.stub);
    const idleMany = await measureIdle(
      bench,
      await startPostern(bench, large, workersForMany, addresses.stub),
      many,
    );
    return {
      tables: [
        tableOf(`${few} sessions on PostgreSQL`, [...rows, row(ours.name, idleFew, few)]),
        tableOf(`${many} sessions on a stub, ${workersForMany} workers`, [row(ours.name, idleMany, many)]),
      ],
      measured: {
        few: kilobytesEach(idleFew, few),
        many: idleMany.after / 1e6,
        'each-of-many': kilobytesEach(idleMany, many),
        alive: idleMany.alive,
      },
    };
  },
};
