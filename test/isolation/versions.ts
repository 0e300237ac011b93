/**
 * The versions of PostgreSQL that the suite runs on: the embedded one, and Debian's 15, from before memberships had
 * options of their own. Where one is missing its tests are skipped, and say so.
 */

import { existsSync } from 'node:fs';
import type { OwnServerOptions } from '../support/postgres-server.ts';
import { ownServersMissing } from '../support/postgres-server.ts';

export interface Version {
  readonly name: string;
  readonly missing: boolean;
  readonly server: Pick<OwnServerOptions, 'binaries'>;
}

const debian = '/usr/lib/postgresql/15/bin';
const debianMissing = !existsSync(`${debian}/initdb`);
if (debianMissing) {
  process.stderr.write(`PostgreSQL 15 is not in ${debian}: the isolation tests on it are SKIPPED.\n`);
}

export const versions: readonly Version[] = [
  { name: 'the embedded PostgreSQL', missing: ownServersMissing, server: {} },
  {
    name: 'PostgreSQL 15',
    missing: debianMissing,
    server: {
      binaries: {
        initdb: `${debian}/initdb`,
        postgres: `${debian}/postgres`,
        pgCtl: `${debian}/pg_ctl`,
      },
    },
  },
];
