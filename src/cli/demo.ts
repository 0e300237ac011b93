/** `postern demo`, which is `npm start`: everything on an embedded PostgreSQL, in one directory, until Ctrl-C. */

import { type Command, InvalidArgumentError } from 'commander';
import { parseCount } from './options.ts';
import type { Shell } from './shell.ts';

interface DemoOptions {
  readonly dir: string;
  readonly port: number;
  readonly consolePort: number;
}

const parsePort = (text: string): number => {
  const port = parseCount(text);
  if (port > 65_535) throw new InvalidArgumentError('A port is at most 65535.');
  return port;
};

export const addDemoCommand = (program: Command, shell: Shell): void => {
  program
    .command('demo')
    .description(
      'try Postern: a PostgreSQL with data, an account, a certificate and keys, on this machine only',
    )
    .option('--dir <dir>', 'directory for everything, kept for the next time', '.postern')
    .option('--port <port>', 'port of 127.0.0.1 that the gate listens on', parsePort, 6432)
    .option('--console-port <port>', 'port of 127.0.0.1 that the console listens on', parsePort, 8080)
    .action(async ({ dir, port, consolePort }: DemoOptions) => {
      const stop = new AbortController();
      void shell.terminal.untilSignal().then(() => stop.abort());
      // Here and not above: the other commands start without loading the gate.
      const { runDemo } = await import('./demo/run.ts');
      await runDemo({ directory: dir, port, consolePort, shell, stop: stop.signal });
    });
};
