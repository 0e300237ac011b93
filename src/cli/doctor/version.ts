/** Whether a PostgreSQL server is one that Postern works with. */

import type { Queryable } from '../../postgres/query.ts';
import { type Finding, failed, ok } from './finding.ts';

const oldestMajor = 14;

export const judgeVersion = async (check: string, server: Queryable): Promise<Finding> => {
  const { rows } = await server.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  const { version = 'unknown', number = 0 } = rows[0] ?? {};
  const seen = `PostgreSQL ${version} answers.`;
  if (number >= oldestMajor * 10_000) return ok(check, seen);
  return failed(check, seen, `Upgrade it to PostgreSQL ${oldestMajor} or newer.`);
};
