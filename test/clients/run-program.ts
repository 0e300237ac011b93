/** A program of somebody else's, with nothing of this machine's own settings. */

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningProgram {
  /** As Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<Ended>;
}

/** @param directory current and home directory */
export const runProgram = (
  [program = '', ...args]: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
  input = '',
): RunningProgram => {
  const child = spawn(program, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, LC_ALL: 'C.UTF-8', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    interrupt: () => void child.kill('SIGINT'),
    ended: Promise.all([status, text(child.stdout), text(child.stderr)]).then(([code, out, err]) => ({
      status: code,
      out,
      err,
    })),
  };
};
