/**
 * HAProxy with the very configuration that `docs/operations.md` shows; only its addresses are of loopback, and a socket
 * is added by which its view can be read.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pollUntil } from '../support/poll.ts';
import { installation } from './installation.ts';

/** Where clients find it, and where it connects from. */
export const balancerAddress = '127.0.0.5';
/** The instances of the documentation. */
export const oneAddress = '127.0.0.11';
export const twoAddress = '127.0.0.12';

export interface Balancer {
  /** Resolves when it counts that many instances as up. */
  untilUp(count: number): Promise<unknown>;
  /** As a crash. */
  kill(): Promise<void>;
}

const documentation = new URL('../../docs/operations.md', import.meta.url);

/** What stands there, and what it becomes here. */
const changes = [
  ['bind :6432', `bind ${balancerAddress}:6432`],
  ['balance leastconn', `balance leastconn\n    source ${balancerAddress}`],
  [' postern:6432', ` ${oneAddress}:6432`],
  [' postern-two:6432', ` ${twoAddress}:6432`],
] as const;

const configuration = (socket: string): string => {
  const shown = /```\n(defaults\n[^`]*?backend postern\n[^`]*?)```/.exec(readFileSync(documentation, 'utf8'));
  const changed = changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The documented configuration of HAProxy has no "${from}".`);
    return text.replace(from, to);
  }, shown?.[1] ?? '');
  return `global\n    stats socket ${socket}\n\n${changed}`;
};

/** Resolves when it has found every instance ready. */
export const startBalancer = async (running: AsyncDisposableStack): Promise<Balancer> => {
  const { directory } = installation();
  const socket = join(directory, 'haproxy.sock');
  const file = join(directory, 'haproxy.cfg');
  await writeFile(file, configuration(socket));
  const child = spawn('haproxy', ['-db', '-q', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  running.defer(kill);
  /** https://docs.haproxy.org/2.6/management.html#9.1 */
  const countUp = async (): Promise<number> => {
    const asking = connect(socket);
    asking.write('show stat\n');
    const lines = (await text(asking)).split('\n').map((line) => line.split(','));
    return lines.filter(
      ([proxy, server, ...rest]) => proxy === 'postern' && server !== 'BACKEND' && rest[15]?.startsWith('UP'),
    ).length;
  };
  const untilUp = (count: number) =>
    pollUntil(
      async () => {
        if (child.exitCode !== null) throw new Error(`HAProxy ended: ${said}`);
        return (await countUp()) === count;
      },
      { timeoutMs: 15_000, intervalMs: 20 },
    );
  await untilUp(2);
  return { untilUp, kill };
};
