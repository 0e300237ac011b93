/** Programs of the benchmark itself: processes that are told and tell by messages, and are gone with whoever started them. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export const startProcess = (running: AsyncDisposableStack, file: URL, ...args: string[]): ChildProcess => {
  const child = fork(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = once(child, 'exit');
  running.defer(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return child;
};

/** Resolves with what the process says next. @throws Error when it ends instead */
export const nextMessage = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      child.off('message', onMessage).off('exit', onExit);
      finish();
    };
    const onMessage = (said: unknown) => settle(() => resolve(said as T));
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`A process of the benchmark ended with ${code}.`)));
    child.on('message', onMessage).on('exit', onExit);
  });
