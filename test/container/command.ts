/** The engine's command line, for what its API has no call for, and everything else that is done by programs. */

import { spawnSync } from 'node:child_process';
import type { Engine } from './engine.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a build says may be long; the end tells what was wrong. */
const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-30).join('\n');

export const runProgram = (
  [program = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): CommandResult => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return { status, stdout, stderr };
};

/** @throws Error with the end of what the program said */
export const mustRun = (
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string => {
  const { status, stdout, stderr } = runProgram(command, environment);
  if (status !== 0) {
    throw new Error(`${command.join(' ')} ended with ${status}:\n${lastLines(stdout)}\n${lastLines(stderr)}`);
  }
  return stdout;
};

export const run = (engine: Engine, args: readonly string[]): CommandResult =>
  runProgram([...engine.command, ...args], engine.environment);

/** @throws Error with the end of what the engine said */
export const succeed = (engine: Engine, args: readonly string[]): string =>
  mustRun([...engine.command, ...args], engine.environment);
