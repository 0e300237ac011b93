/** `postern serve`: runs until SIGINT or SIGTERM, then ends every session with its reason and exits with 0. */

import type { Command } from 'commander';
import { RequestError } from '../errors.ts';
import { messageOf } from './failure.ts';
import type { Shell } from './shell.ts';

const startFailure = (error: unknown): unknown => {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const place = `${address}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return new RequestError(`Postern cannot listen on ${place}: another program does already.`);
    case 'EACCES':
      return new RequestError(`Postern cannot listen on ${place}: this user may not.`);
    case 'EADDRNOTAVAIL':
      return new RequestError(`Postern cannot listen on ${place}: this computer has no such address.`);
    default:
      return error instanceof RequestError
        ? error
        : new RequestError(`Postern cannot start: ${messageOf(error)}`, { cause: error });
  }
};

export const addServeCommand = (program: Command, shell: Shell): void => {
  program
    .command('serve')
    .description('run Postern')
    .action(async () => {
      const config = shell.loadConfig();
      const stopped = shell.terminal.untilSignal();
      // Here and not above: the other commands start without loading the gate.
      const [{ composeServe }, { createLog }] = await Promise.all([
        import('../compose.ts'),
        import('../telemetry/log.ts'),
      ]);
      const serving = await composeServe(config, createLog(config.telemetry.logLevel)).catch((error) => {
        throw startFailure(error);
      });
      await stopped;
      await serving.stop();
    });
};
