/**
 * When an attempt was written. Its `at` is when the connection was accepted, which for a long session is long ago: who
 * follows attempts as they come in needs the order in which they came. Rows from before this migration have none.
 */

import type { Migration } from './migration.ts';

export const attemptsWritten: Migration = {
  number: 5,
  name: 'attempts-written',
  sql: `
ALTER TABLE postern.attempts ADD COLUMN written_at timestamptz;
ALTER TABLE postern.attempts ALTER COLUMN written_at SET DEFAULT clock_timestamp();
CREATE INDEX attempts_account_id_written_at ON postern.attempts (account_id, written_at);
`,
};
