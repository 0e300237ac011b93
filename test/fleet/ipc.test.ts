import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { talk } from '../../src/fleet/ipc.ts';
import type { WorkerCalls } from '../../src/fleet/worker-process.ts';

const program = fileURLToPath(new URL('scripted-worker.ts', import.meta.url));

it('rejects every call when a process ends that has long taken nothing in, and lets none of them unhandled', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => void unhandled.push(error);
  process.prependListener('unhandledRejection', onUnhandled);
  const child = fork(program, { serialization: 'advanced', execArgv: [] });
  const calls = talk<WorkerCalls>(child, {});
  await calls.ready();
  child.kill('SIGSTOP');
  // More than the channel takes: the rest still waits to be written.
  const answers = Array.from({ length: 1_000 }, () => calls.ready());
  const settled = Promise.allSettled(answers);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(new Set((await settled).map(({ status }) => status))).toEqual(new Set(['rejected']));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});
