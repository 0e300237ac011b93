/**
 * `postern serve`: runs until it is told to stop by a signal, then drains and exits with 0. SIGHUP: configuration and
 * certificates are read again.
 */

import type { Command } from 'commander';
import type { Serving } from '../compose/serve.ts';
import type { Shell } from './shell.ts';

export const addServeCommand = (program: Command, shell: Shell): void => {
  program
    .command('serve')
    .description('run Postern')
    .action(async () => {
      const config = shell.loadConfig();
      // Before starting: a container may be stopped while it still does.
      const started = Promise.withResolvers<Serving>();
      const stopped = shell.terminal.untilSignal(
        () => void started.promise.then((serving) => serving.reload('SIGHUP')),
      );
      // Here and not above: the other commands start without loading the gate.
      const [{ composeServe }, { createLog }] = await Promise.all([
        import('../compose/serve.ts'),
        import('../telemetry/log.ts'),
      ]);
      const serving = await composeServe(config, createLog(config.telemetry.logLevel), {
        loadConfig: shell.loadConfig,
      });
      started.resolve(serving);
      await stopped;
      await serving.stop();
    });
};
