/**
 * What rotation has to know: the password that a role is about to get, when it got the present one, and for each
 * certificate which client CA signed it and which server CAs its bundle trusts. Rows from before this migration do not
 * say the latter: they were issued before any CA was replaced.
 */

import type { Migration } from './migration.ts';

export const rotation: Migration = {
  number: 6,
  name: 'rotation',
  sql: `
ALTER TABLE postern.api_keys
  -- Announced to all gates before the backend has it; null: no other password is on its way.
  ADD COLUMN next_role_secret_sealed text CHECK (next_role_secret_sealed <> ''),
  ADD COLUMN role_secret_set_at timestamptz(3);
UPDATE postern.api_keys SET role_secret_set_at = coalesce(rotated_at, created_at);
ALTER TABLE postern.api_keys
  ALTER COLUMN role_secret_set_at SET NOT NULL,
  ALTER COLUMN role_secret_set_at SET DEFAULT now();

-- SHA-256 over the DER, as with the certificates themselves.
ALTER TABLE postern.certificates
  ADD COLUMN issuer_sha256 text CHECK (issuer_sha256 ~ '^[0-9a-f]{64}$'),
  ADD COLUMN trusted_cas_sha256 text[];

DROP TRIGGER policy_change ON postern.api_keys;
CREATE CONSTRAINT TRIGGER policy_change
  AFTER INSERT OR DELETE OR UPDATE OF account_id, name, kind, digest_sha256, scram_stored_key, scram_server_key,
    role_name, role_secret_sealed, next_role_secret_sealed, grants, state, expires_at
  ON postern.api_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postern.on_account_part_change();
`,
};
