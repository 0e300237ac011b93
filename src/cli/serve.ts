/** `postern serve`: runs until it is told to stop by a signal, then ends every session with its reason and exits with 0. */

import type { Command } from 'commander';
import type { Shell } from './shell.ts';

export const addServeCommand = (program: Command, shell: Shell): void => {
  program
    .command('serve')
    .description('run Postern')
    .action(async () => {
      const config = shell.loadConfig();
      // Before starting: a container may be stopped while it still does.
      const stopped = shell.terminal.untilSignal();
      // Here and not above: the other commands start without loading the gate.
      const [{ composeServe }, { createLog }] = await Promise.all([
        import('../compose/serve.ts'),
        import('../telemetry/log.ts'),
      ]);
      const serving = await composeServe(config, createLog(config.telemetry.logLevel));
      await stopped;
      await serving.stop();
    });
};
