/** `postern worker`: what `serve` starts for each of `gate.workers`; nothing for people. */

import type { Command } from 'commander';
import { RequestError } from '../errors.ts';
import type { Shell } from './shell.ts';

export const addWorkerCommand = (program: Command, { terminal }: Shell): void => {
  program.command('worker', { hidden: true }).action(async () => {
    const channel = terminal.parent();
    if (!channel) throw new RequestError('`postern worker` is started by `postern serve` alone.');
    const { runWorker } = await import('../compose/worker.ts');
    await runWorker(channel);
  });
};
