/**
 * What running instances tell of the store: how long a change took to reach them, and each audit event once.
 * `changed_at` is the store's time, taken at COMMIT, so that nobody's clock matters but the store's. The audit stream's
 * row holds the number of the last event that was written to some instance's log; whoever writes the next ones has it
 * locked meanwhile. Of an event gates may read what stands in the log, and not what was changed.
 */

import type { Migration } from './migration.ts';

export const telling: Migration = {
  number: 7,
  name: 'telling',
  sql: `
ALTER TABLE postern.policy_changes ADD COLUMN changed_at timestamptz;

CREATE OR REPLACE FUNCTION postern.note_policy_change(changed_account uuid) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE this_version bigint;
BEGIN
  -- One version per transaction, whatever it changes. xmin is asked too, because a restored dump brings the
  -- transaction id of another cluster, which this one may reach again.
  SELECT version INTO this_version FROM postern.policy_version
    WHERE transaction_id = pg_current_xact_id() AND xmin = pg_current_xact_id()::xid;
  IF NOT FOUND THEN
    UPDATE postern.policy_version SET version = version + 1, transaction_id = pg_current_xact_id()
      RETURNING version INTO this_version;
    -- A wake-up call without content.
    PERFORM pg_notify('postern_policy', '');
  END IF;
  INSERT INTO postern.policy_changes AS known (account_id, version, changed_at)
    VALUES (changed_account, this_version, clock_timestamp())
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at
      WHERE known.version <> excluded.version;
END $$;

CREATE TABLE postern.audit_stream (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  written bigint NOT NULL
);
-- From here on: a log is no place for what happened years ago.
INSERT INTO postern.audit_stream (written) SELECT COALESCE(max(number), 0) FROM postern.audit_events;
GRANT SELECT, UPDATE (written) ON postern.audit_stream TO postern_gate, postern_console;
GRANT SELECT (number, id, at, actor, action, target, hash) ON postern.audit_events TO postern_gate;
`,
};
