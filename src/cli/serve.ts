/**
 * `postern serve`: runs until it is told to stop by a signal, then drains and exits with 0. SIGHUP: configuration and
 * certificates are read again. `--replace`: takes the place of a running one, without a moment in which nobody listens.
 */

import type { Command } from 'commander';
import type { Serving } from '../compose/serve.ts';
import { RequestError } from '../errors.ts';
import { parseCount } from './options.ts';
import type { Shell } from './shell.ts';

export const addServeCommand = (program: Command, shell: Shell): void => {
  const { terminal } = shell;
  program
    .command('serve')
    .description('run Postern')
    .option(
      '--replace <pid>',
      'take the ports of a running Postern over, and have it drain once this one can admit people',
      parseCount,
    )
    .action(async ({ replace }: { replace?: number }) => {
      const config = shell.loadConfig();
      if (replace !== undefined && !terminal.serves(replace)) {
        throw new RequestError(
          `The process ${replace} is no running Postern of this user: nothing to replace.`,
        );
      }
      // Before starting: a container may be stopped while it still does.
      const started = Promise.withResolvers<Serving>();
      const stopped = terminal.untilSignal(
        () => void started.promise.then((serving) => serving.reload('SIGHUP')),
      );
      let told = false;
      void stopped.then(() => {
        told = true;
      });
      // Here and not above: the other commands start without loading the gate.
      const [{ composeServe }, { createLog }] = await Promise.all([
        import('../compose/serve.ts'),
        import('../telemetry/log.ts'),
      ]);
      const log = createLog(config.telemetry.logLevel);
      const serving = await composeServe(config, log, {
        loadConfig: shell.loadConfig,
        claim: replace === undefined ? 'alone' : 'shared',
      });
      started.resolve(serving);
      // Who was told to end meanwhile takes nobody's place: nobody would be left.
      if (replace !== undefined && !told && terminal.serves(replace)) {
        terminal.tellReplaced(replace);
        log.info({ pid: replace }, 'took over from');
      }
      const cause = await stopped;
      await serving.stop(cause === 'replaced');
    });
};
