#!/usr/bin/env node
/** From the command line to a command and from its end to an exit code; the only place that ends the process. */

import { existsSync, readFileSync } from 'node:fs';
import { failureFrom, formatFailure } from './cli/failure.ts';
import { buildProgram } from './cli/program.ts';
import type { StopCause, Terminal } from './cli/terminal.ts';

const untilSignal: Terminal['untilSignal'] = (onHangup) => {
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  let asked = false;
  const onSignal = (cause: StopCause) => {
    if (asked) process.exit(1);
    asked = true;
    resolve(cause);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => onSignal('stop'));
  process.on('SIGUSR2', () => onSignal('replaced'));
  // Unless a command takes it otherwise: the terminal was closed.
  process.on('SIGHUP', () => {
    if (onHangup === undefined) onSignal('stop');
    else if (!asked) onHangup();
  });
  return promise;
};

/** The signal would end whatever else has got that process id meanwhile; Linux shows what it is. */
const serves: Terminal['serves'] = (pid) => {
  try {
    process.kill(pid, 0);
    return (
      !existsSync('/proc/self') || readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('serve')
    );
  } catch {
    return false;
  }
};

const parent: Terminal['parent'] = () => {
  if (!process.send) return null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => undefined);
  return process;
};

// Whoever reads our output has gone (`postern attempt list demo | head`): there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));

const program = buildProgram({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  screen: process.stderr.isTTY ? process.stderr : null,
  untilSignal,
  serves,
  tellReplaced: (pid) => void process.kill(pid, 'SIGUSR2'),
  parent,
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  const failure = failureFrom(error);
  // Not from the parsed options: wrong usage may have ended before they were read.
  process.stderr.write(formatFailure(failure, process.argv.includes('--json')));
  process.exitCode = failure.exitCode;
}
