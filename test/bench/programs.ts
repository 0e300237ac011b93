/** The programs that the benchmark takes from the computer: Debian's peers and clients. */

import { findPrograms } from '../support/programs.ts';

const { missing, versions } = findPrograms([
  { program: 'pgbouncer', from: 'pgbouncer', ask: '--version' },
  { program: 'stunnel4', from: 'stunnel4', ask: '-version' },
  { program: 'psql', from: 'postgresql-client', ask: '--version' },
  { program: 'pgbench', from: 'postgresql', ask: '--version' },
]);

export const missingPrograms: readonly string[] = missing;
export const programVersions: readonly string[] = versions;
