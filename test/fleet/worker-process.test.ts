import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { workerConfig } from '../../src/compose/worker-config.ts';
import { Desk } from '../../src/fleet/desk.ts';
import { talk } from '../../src/fleet/ipc.ts';
import { Ledger } from '../../src/fleet/ledger.ts';
import { type WorkerCalls, WorkerProcess } from '../../src/fleet/worker-process.ts';
import { mainFile } from '../../src/program.ts';
import { startPostern } from '../support/postern.ts';

const { execPath } = process;

afterEach(() => void Object.assign(process, { execPath }));

const openDesk = () => {
  const limits = {
    halfOpen: 1,
    halfOpenPerAddress: 1,
    sessionsPerAccount: 1,
    sessionsPerAddress: 1,
    sessions: 1,
  };
  const ledger = new Ledger(limits, Date.now);
  return new Desk({ ledger, cancelElsewhere: async () => 'unknown', onRoleRejected: () => undefined });
};

describe('a worker process', () => {
  it('that the system does not give is told in a sentence, and is gone', async () => {
    Object.assign(process, { execPath: '/nowhere/node' });
    const worker = new WorkerProcess({
      program: mainFile,
      args: [],
      environment: {},
      logTo: 1,
      desk: openDesk(),
    });
    await expect(worker.calls.metrics()).rejects.toThrow(
      'A worker process cannot be started (spawn /nowhere/node ENOENT).',
    );
    expect(await worker.exited).toEqual({ code: null, signal: null });
    await worker.kill();
  });

  it('ends by itself when whoever started it goes before it serves', async () => {
    await using postern = new AsyncDisposableStack();
    const { config, stop } = await startPostern();
    postern.defer(stop);
    const child: ChildProcess = fork(mainFile, ['worker'], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    postern.defer(() => void child.kill('SIGKILL'));
    const calls = talk<WorkerCalls>(child, openDesk());
    const started = calls.start({
      config: workerConfig(config),
      instanceId: 'test',
      number: 1,
      port: 0,
      whenReady: true,
    });
    // It has got it, and begins.
    await calls.metrics();
    child.disconnect();
    await expect(started).rejects.toThrow('The other process has gone.');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
