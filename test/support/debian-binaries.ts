/** PostgreSQL as Debian installs it, of one major version; undefined where it is not installed. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from '../../src/cli/demo/binaries.ts';

export const debianBinaries = (major: number): Binaries | undefined => {
  const directory = `/usr/lib/postgresql/${major}/bin`;
  const [initdb, postgres, pgCtl] = ['initdb', 'postgres', 'pg_ctl'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  return existsSync(postgres) ? { initdb, postgres, pgCtl } : undefined;
};
