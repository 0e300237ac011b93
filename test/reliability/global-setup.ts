/** Two PostgreSQL servers and one installation for the whole suite; at its end, the table of figures. */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { fillPgbench } from './clients.ts';
import { createCluster, startCluster, stopCluster } from './cluster.ts';
import { publishFigures } from './figures.ts';
import { install } from './installation.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = new AsyncDisposableStack();
  try {
    const directory = await mkdtemp(join(tmpdir(), 'postern-fleet-'));
    running.defer(() => rm(directory, { recursive: true, force: true }));
    // The user that PostgreSQL runs as has to get through.
    await chmod(directory, 0o755);
    const start = async (name: string, address: string, wayAddress: string) => {
      const cluster = await createCluster(join(directory, name), address, {}, wayAddress);
      await startCluster(cluster);
      running.defer(() => stopCluster(cluster, 'immediate'));
      return cluster;
    };
    const store = await start('store', '127.0.0.21', '127.0.0.31');
    const backend = await start('backend', '127.0.0.22', '127.0.0.32');
    const installation = await install(directory, store, backend);
    await fillPgbench(installation);
    project.provide('installation', installation);
    return async () => {
      await publishFigures(installation);
      await running.disposeAsync();
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}
