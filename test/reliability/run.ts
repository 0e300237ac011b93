/**
 * `npm run test:fleet` and `npm run test:soak`: the tests of this folder, or of `test/soak`, in a network and a process
 * tree of their own, where the ports of the documentation are free, `net.ipv4.tcp_migrate_req` can be set, and nothing
 * outlives the run. That takes Linux, root and iproute2; otherwise they run on this computer's loopback, and say so. Where
 * a program is missing that they need, they do not run, and say so; in CI that is a failure. Arguments behind the
 * folder's name go to vitest.
 */

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { missingTools } from './tools.ts';

if (missingTools.length > 0) {
  process.stderr.write(`This suite is SKIPPED. Not installed: ${missingTools.join(', ')}.\n`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}

const [folder = 'reliability', ...vitestArguments] = process.argv.slice(2);
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const vitest = [
  process.execPath,
  file('../../node_modules/vitest/vitest.mjs'),
  'run',
  '--config',
  file(`../${folder}/vitest.config.ts`),
  ...vitestArguments,
];

const apart = ['unshare', '--net', '--pid', '--fork', '--mount-proc'];
/** Not by `exec`: the first process of a tree has to collect those whose parents have died, which a shell does. */
const inside = [
  'sh',
  '-c',
  'ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_migrate_req || exit 1; "$@"; exit $?',
  'sh',
];

const [probe = '', ...probeArguments] = [...apart, ...inside, 'true'];
const canBeApart = spawnSync(probe, probeArguments, { stdio: 'ignore' }).status === 0;
if (!canBeApart) {
  process.stderr.write(
    'No network of their own for these tests (it takes root, unshare and ip): they run on this loopback, with the ' +
      'ports 5432, 6432 and 9464 of 127.0.0.2 and up, connections may be reset when a listener closes, and the tests that ' +
      'cut networks, fill disks or turn clocks are SKIPPED.\n',
  );
}

const [program = '', ...programArguments] = canBeApart ? [...apart, ...inside, ...vitest] : vitest;
const child = spawn(program, programArguments, {
  stdio: 'inherit',
  env: { ...process.env, POSTERN_FLEET_APART: canBeApart ? 'yes' : 'no' },
});
// A terminal tells both; vitest decides when it has cleaned up.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
