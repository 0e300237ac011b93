/**
 * HAProxy as `docs/operations.md` shows it, in front of instances under test: balanced by sessions, with the PROXY
 * protocol, asking `/readyz`. Where it is not installed its tests are skipped, and say so.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { pollUntil } from './poll.ts';
import type { TestInstance } from './postern.ts';

export const haproxyMissing = spawnSync('haproxy', ['-v']).status !== 0;
if (haproxyMissing) process.stderr.write('HAProxy is not installed: its tests are SKIPPED.\n');

export interface TestHaproxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** Where HAProxy connects from: instances have to trust it, and no account should admit it. */
export const haproxyAddress = '127.0.0.9';

type Balanced = Pick<TestInstance, 'port' | 'serving'>;

const configuration = (port: number, statusPort: number, instances: readonly Balanced[]): string => `
global
    log stderr format raw local0 warning

defaults
    mode tcp
    log global
    timeout connect 5s
    timeout client 25h
    timeout server 25h
    retries 3
    option redispatch 1

frontend gate
    bind 127.0.0.1:${port}
    default_backend postern

backend postern
    balance leastconn
    source ${haproxyAddress}
    option httpchk GET /readyz
    default-server send-proxy-v2 check inter 200ms fall 2 rise 1
${instances
  .map(
    (each, index) => `    server p${index} 127.0.0.1:${each.port} check port ${each.serving.telemetryPort}`,
  )
  .join('\n')}

frontend status
    mode http
    bind 127.0.0.1:${statusPort}
    monitor-uri /all-up
    monitor fail if { nbsrv(postern) lt ${instances.length} }
`;

/** Resolves when HAProxy has found every instance ready. */
export const startHaproxy = async (
  directory: string,
  instances: readonly Balanced[],
): Promise<TestHaproxy> => {
  const port = await freePort();
  const statusPort = await freePort();
  const file = join(directory, 'haproxy.cfg');
  await writeFile(file, configuration(port, statusPort, instances));
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await pollUntil(async () => {
      if (child.exitCode !== null) throw new Error(`HAProxy ended: ${said}`);
      return (await fetch(`http://127.0.0.1:${statusPort}/all-up`)).ok;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
};
