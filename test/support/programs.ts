/** Programs that a suite takes from the computer, Debian's or whoever's: which are missing, and the versions of the others. */

import { spawnSync } from 'node:child_process';

export interface WantedProgram {
  readonly program: string;
  /** Debian's package that has it. */
  readonly from: string;
  /** How to ask for its version. */
  readonly ask: string;
}

export interface FoundPrograms {
  /** For people: `psql (Debian: postgresql-client)`. */
  readonly missing: readonly string[];
  /** The line with its version that each of the others says. */
  readonly versions: readonly string[];
}

/** Servers are where only root looks by itself. */
export const programPath = `${process.env['PATH']}:/usr/sbin`;

export const findPrograms = (wanted: readonly WantedProgram[]): FoundPrograms => {
  const found = wanted.map(({ program, from, ask }) => {
    const env = { ...process.env, PATH: programPath };
    const { status, stdout, stderr } = spawnSync(program, [ask], { encoding: 'utf8', env });
    const lines = status === 0 ? `${stdout}\n${stderr}`.split('\n') : null;
    return { program, from, says: lines && (lines.find((line) => /\d\.\d/.test(line)) ?? '').trim() };
  });
  return {
    missing: found.flatMap(({ program, from, says }) =>
      says === null ? [`${program} (Debian: ${from})`] : [],
    ),
    versions: found.flatMap(({ says }) => says ?? []),
  };
};
