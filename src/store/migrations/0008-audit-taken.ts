/**
 * Gates have to note how far the audit stream has come, and could write any number there: a high one, and nobody would
 * ever write another event. Now events are taken: whoever asks gets the next ones, and the stream has come so far if
 * its transaction commits. A gate in wrong hands can still drop what it takes, and the numbers in the log show the gap.
 */

import type { Migration } from './migration.ts';

export const auditTaken: Migration = {
  number: 8,
  name: 'audit-taken',
  sql: `
-- Nothing, too, while somebody else is at it.
CREATE FUNCTION postern.take_audit_events(at_most int)
  RETURNS TABLE (number bigint, id uuid, at timestamptz, actor text, action text, target text, hash bytea)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE reached bigint;
BEGIN
  SELECT s.written INTO reached FROM postern.audit_stream s FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN; END IF;
  FOR number, id, at, actor, action, target, hash IN
    SELECT e.number, e.id, e.at, e.actor, e.action, e.target, e.hash FROM postern.audit_events e
      WHERE e.number > reached ORDER BY e.number LIMIT at_most
  LOOP
    reached := number;
    RETURN NEXT;
  END LOOP;
  UPDATE postern.audit_stream s SET written = reached WHERE s.written <> reached;
END $$;
REVOKE EXECUTE ON FUNCTION postern.take_audit_events(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION postern.take_audit_events(int) TO postern_gate, postern_console;

REVOKE UPDATE (written) ON postern.audit_stream FROM postern_gate, postern_console;
-- Enough to see that there is something to take.
REVOKE SELECT (id, at, actor, action, target, hash) ON postern.audit_events FROM postern_gate;
`,
};
