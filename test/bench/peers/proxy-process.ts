/** A peer's program from its start, as the user that PostgreSQL runs as, until nobody needs it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serverUser } from '../../reliability/cluster.ts';
import { pollUntil } from '../../support/poll.ts';
import { programPath } from '../../support/programs.ts';

const answers = async (address: string): Promise<boolean> => {
  const socket = connect(6432, address);
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
};

/** @param running ends it @returns its process id, when it listens */
export const startProxy = async (
  running: AsyncDisposableStack,
  directory: string,
  address: string,
  program: string,
  ...args: string[]
): Promise<number> => {
  const log = join(directory, 'log');
  const descriptor = openSync(log, 'w');
  const child = spawn(program, args, {
    ...serverUser,
    cwd: '/',
    env: { PATH: programPath },
    stdio: ['ignore', descriptor, descriptor],
    // Ctrl-C is for the benchmark, which ends it then.
    detached: true,
  });
  closeSync(descriptor);
  const ended = once(child, 'exit');
  running.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await pollUntil(async () => child.exitCode !== null || (await answers(address)), { timeoutMs: 10_000 });
  if (child.exitCode !== null) throw new Error(`${program} ended: ${readFileSync(log, 'utf8')}`);
  return child.pid ?? 0;
};
