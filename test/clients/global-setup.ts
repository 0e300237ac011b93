/** One PostgreSQL and one `postern serve` with its console for the whole suite; at its end, the table of clients. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { mainFile } from '../cli/run.ts';
import { createCluster, startCluster, stopCluster } from '../reliability/cluster.ts';
import { freePort } from '../support/free-port.ts';
import { pollUntil } from '../support/poll.ts';
import { createAccounts, prepare } from './installation.ts';
import { publishTable } from './table.ts';

/** Its own for each run, so that two at a time leave each other alone. */
const backendAddress = `127.78.${(process.pid >> 8) & 255}.${process.pid & 255}`;

const serve = async (directory: string, telemetryPort: number): Promise<AsyncDisposable> => {
  const logFile = join(directory, 'serve.log');
  await using log = await open(logFile, 'w');
  const serving = spawn(process.execPath, [mainFile, 'serve', '--config', 'postern.yaml'], {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = once(serving, 'exit');
  await pollUntil(
    async () =>
      serving.exitCode !== null || (await fetch(`http://127.0.0.1:${telemetryPort}/readyz`)).status === 200,
    { timeoutMs: 30_000, intervalMs: 50 },
  );
  if (serving.exitCode !== null) throw new Error(`serve ended: ${await readFile(logFile, 'utf8')}`);
  return {
    [Symbol.asyncDispose]: async () => {
      serving.kill('SIGKILL');
      await ended;
    },
  };
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = new AsyncDisposableStack();
  try {
    const directory = await mkdtemp(join(tmpdir(), 'postern-clients-'));
    running.defer(() => rm(directory, { recursive: true, force: true }));
    // The user that PostgreSQL runs as has to get through.
    await chmod(directory, 0o755);
    const cluster = await createCluster(join(directory, 'cluster'), backendAddress);
    await startCluster(cluster);
    running.defer(() => stopCluster(cluster, 'immediate'));
    const ports = { gate: await freePort(), console: await freePort(), telemetry: await freePort() };
    const place = { directory, cluster, ports };
    await prepare(place);
    running.use(await serve(directory, ports.telemetry));
    project.provide('clientsInstallation', await createAccounts(place));
    return async () => {
      await publishTable(directory);
      await running.disposeAsync();
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}
