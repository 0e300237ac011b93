/**
 * What the two group roles may do; what is not listed here they may not. Gates read policy and append what they saw.
 * The console writes policy, but cannot rewrite history (attempts, audit events), and a certificate is never
 * deleted nor exchanged, only revoked. The tables' owner, who migrates, is neither of the two.
 */

import type { Migration } from './migration.ts';

export const privileges: Migration = {
  number: 4,
  name: 'privileges',
  sql: `
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA postern FROM PUBLIC;
GRANT USAGE ON SCHEMA postern TO postern_gate, postern_console;
GRANT SELECT ON postern.migrations, postern.policy_version, postern.policy_changes,
  postern.accounts, postern.address_rules, postern.certificates, postern.api_keys,
  postern.instances, postern.sessions
  TO postern_gate, postern_console;

GRANT UPDATE (last_used_at) ON postern.certificates, postern.api_keys TO postern_gate;
GRANT INSERT ON postern.attempts TO postern_gate;
GRANT INSERT, UPDATE, DELETE ON postern.instances, postern.sessions TO postern_gate;

GRANT INSERT, UPDATE ON postern.accounts, postern.api_keys TO postern_console;
GRANT INSERT, UPDATE, DELETE ON postern.address_rules TO postern_console;
GRANT INSERT, UPDATE (revoked_at, revoke_reason) ON postern.certificates TO postern_console;
GRANT SELECT ON postern.attempts TO postern_console;
GRANT SELECT, INSERT ON postern.audit_events TO postern_console;
GRANT EXECUTE ON FUNCTION postern.delete_attempts(timestamptz, int) TO postern_console;
-- CHECKs run as whoever changes the row, and for any column of it.
GRANT EXECUTE ON FUNCTION postern.is_plain_text(text, int) TO postern_gate, postern_console;
`,
};
