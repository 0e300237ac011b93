/** The bench from an empty directory: one PostgreSQL, what an operator sets up on it, and peers as they are asked for. */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillPgbench } from '../reliability/clients.ts';
import { createCluster, startCluster, stopCluster } from '../reliability/cluster.ts';
import { install } from '../reliability/installation.ts';
import type { Bench, Form } from './bench.ts';
import { addresses, createRole } from './peers/ground.ts';
import type { Peer, PeerId } from './peers/peer.ts';
import { startPeer } from './peers/start.ts';
import { warmUp } from './warm-up.ts';

/** Room for everything in memory, and nothing that happens now and then. */
const settings = {
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  max_connections: '1000',
};

/** Of pgbench: a hundred thousand accounts each. */
const scale = 10;

/** @param running ends and removes all of it */
export const openBench = async (
  running: AsyncDisposableStack,
  form: Form,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Bench> => {
  say('Setting up PostgreSQL, store, authority and account');
  const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'));
  running.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  // The user that PostgreSQL runs as has to get through.
  await chmod(directory, 0o755);
  const cluster = await createCluster(join(directory, 'postgres'), addresses.postgres, settings);
  running.defer(() => stopCluster(cluster, 'immediate').catch(() => undefined));
  await startCluster(cluster);
  signal.throwIfAborted();
  const installation = await install(directory, cluster, cluster);
  await createRole(installation);
  await fillPgbench(installation, scale);
  const peers = new Map<PeerId, Peer>();
  return {
    form,
    installation,
    signal,
    running,
    say,
    peer: async (id) => {
      signal.throwIfAborted();
      const known = peers.get(id);
      if (known) return known;
      const peer = await startPeer(running, installation, id);
      peers.set(id, peer);
      say(`Warming up ${peer.name}`);
      await warmUp(installation, peer);
      return peer;
    },
  };
};
