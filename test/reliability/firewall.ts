/**
 * The kernel's firewall in the network that the suite has of its own: cuts the way to an address, for both directions.
 * Where there is no such network (see run.ts) the tests that need it are skipped.
 */

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Said by run.ts. */
export const isApart = process.env['POSTERN_FLEET_APART'] === 'yes';

const run = promisify(execFile);

/** `drop`: packets vanish; `reset`: whoever sends one is answered with a reset. */
const targets = {
  drop: ['-j', 'DROP'],
  // The reset itself has to come through.
  reset: ['!', '--tcp-flags', 'RST', 'RST', '-j', 'REJECT', '--reject-with', 'tcp-reset'],
} as const;

/** @returns what mends it; the end of the test does so as well */
export const cutOff = async (
  running: AsyncDisposableStack,
  address: string,
  port: number,
  how: keyof typeof targets,
): Promise<() => Promise<void>> => {
  const rules = [
    ['-d', address, '--dport', String(port)],
    ['-s', address, '--sport', String(port)],
  ].map((match) => ['INPUT', '-p', 'tcp', ...match, ...targets[how]]);
  for (const rule of rules) await run('iptables', ['-w', '-A', ...rule]);
  let isCut = true;
  const mend = async (): Promise<void> => {
    if (!isCut) return;
    isCut = false;
    for (const rule of rules) await run('iptables', ['-w', '-D', ...rule]);
  };
  running.defer(mend);
  return mend;
};

/** How often the kernel sends again what nobody confirms: `net.ipv4.tcp_retries2`, until the test ends. */
export const withRetries = (running: AsyncDisposableStack, count: number): void => {
  const file = '/proc/sys/net/ipv4/tcp_retries2';
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, String(count));
  running.defer(() => writeFileSync(file, before));
};
