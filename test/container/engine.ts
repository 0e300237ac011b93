/**
 * The container engine of the suite. Where Docker answers, that, with everything it already has. Else, where podman is
 * installed and we are root, podman with a store, a configuration and a socket of its own in a temporary directory:
 * nothing of the user's podman is read or changed, and all of it is gone after `stop()`.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pollUntil } from '../support/poll.ts';
import { run, runProgram } from './command.ts';

/** What test files have to know; plain data, because it is handed to other processes. */
export interface Engine {
  readonly name: 'docker' | 'podman';
  /** The command without its verb. */
  readonly command: readonly string[];
  /** For the command and for testcontainers. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface RunningEngine extends Engine {
  stop(): Promise<void>;
}

const answers = (program: string, verb: string): boolean => spawnSync(program, [verb]).status === 0;

/** null: there is none that this user can use. */
export const startEngine = async (): Promise<RunningEngine | null> => {
  // Asks the server too, wherever DOCKER_HOST, the context or the usual socket lead.
  if (answers('docker', 'version')) {
    return { name: 'docker', command: ['docker'], environment: {}, stop: async () => undefined };
  }
  return process.getuid?.() === 0 && answers('podman', '--version') ? startPodman() : null;
};

/** Limits that a container may have where the engine itself runs in one; no systemd to delegate control groups to. */
const podmanConfiguration = `
[containers]
default_ulimits = ["nofile=10000:10000", "nproc=10000:10000"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
# Else whoever watched over a command in a container stays for 5 minutes, and for longer than the engine.
exit_command_delay = 1
`;

/** The innermost first. */
const mountsBelow = (directory: string): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((place) => place.startsWith(`${directory}/`))
    .sort()
    .reverse();

const startPodman = async (): Promise<RunningEngine> => {
  // Not in the temporary directory of most machines: that may be memory, and images are large.
  const directory = await mkdtemp('/var/tmp/postern-podman-');
  const file = (name: string) => join(directory, name);
  await writeFile(file('containers.conf'), podmanConfiguration);
  const socket = file('podman.sock');
  const engine: Engine = {
    name: 'podman',
    command: [
      'podman',
      ...['--root', file('store'), '--runroot', file('run'), '--tmpdir', file('tmp')],
      ...['--network-config-dir', file('networks')],
    ],
    environment: {
      CONTAINERS_CONF: file('containers.conf'),
      DOCKER_HOST: `unix://${socket}`,
      // Health checks are timers of systemd; where it does not run, tests call them.
      DISABLE_HC_SYSTEMD: 'true',
      // It would have to be pulled; this engine ends together with the suite.
      TESTCONTAINERS_RYUK_DISABLED: 'true',
    },
  };
  const [program = '', ...options] = engine.command;
  const service = spawn(program, [...options, 'system', 'service', '--time=0', `unix://${socket}`], {
    env: { ...process.env, ...engine.environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(service, 'exit');
  const removeEverything = () => {
    // By the command and not by the service, which forgets who waits for it.
    run(engine, ['rm', '--all', '--force', '--time', '0']);
    service.kill('SIGTERM');
    run(engine, ['network', 'prune', '--force']);
    run(engine, ['rmi', '--all', '--force']);
    // What a build that was cut off had mounted.
    for (const place of mountsBelow(directory)) runProgram(['umount', '--lazy', place]);
    rmSync(directory, { recursive: true, force: true });
  };
  // After Ctrl-C nobody calls `stop`.
  process.once('exit', removeEverything);
  const stop = async () => {
    process.off('exit', removeEverything);
    removeEverything();
    await ended;
  };
  try {
    await pollUntil(
      () => {
        if (service.exitCode !== null) throw new Error('podman system service ended.');
        return existsSync(socket);
      },
      { timeoutMs: 20_000 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...engine, stop };
};
