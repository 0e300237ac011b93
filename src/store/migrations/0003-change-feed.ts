/**
 * Versions of the policy. At COMMIT every transaction that changed an account's policy takes the next version from a
 * single row and keeps that row locked until it has committed. So versions become visible in their own order: who has
 * seen version N has seen all smaller ones, and "everything after N" never misses a slower writer.
 * Deferred to COMMIT because control talks to backends inside transactions and must not hold that lock meanwhile.
 */

import type { Migration } from './migration.ts';

export const changeFeed: Migration = {
  number: 3,
  name: 'change-feed',
  sql: `
CREATE TABLE postern.policy_version (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version bigint NOT NULL,
  -- The transaction that took this version.
  transaction_id xid8
);
INSERT INTO postern.policy_version (version) VALUES (0);

-- The latest change of each account; rows stay when an account is gone, for the gates that still have it.
CREATE TABLE postern.policy_changes (
  account_id uuid PRIMARY KEY,
  version bigint NOT NULL
);
CREATE INDEX policy_changes_version ON postern.policy_changes (version);

CREATE FUNCTION postern.note_policy_change(changed_account uuid) RETURNS void
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
  INSERT INTO postern.policy_changes AS known VALUES (changed_account, this_version)
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version WHERE known.version <> excluded.version;
END $$;

CREATE FUNCTION postern.on_account_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  PERFORM postern.note_policy_change(CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END);
  RETURN NULL;
END $$;

CREATE FUNCTION postern.on_account_part_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM postern.note_policy_change(OLD.account_id);
  END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.account_id <> OLD.account_id) THEN
    PERFORM postern.note_policy_change(NEW.account_id);
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER policy_change
  AFTER INSERT OR UPDATE OR DELETE ON postern.accounts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postern.on_account_change();
CREATE CONSTRAINT TRIGGER policy_change
  AFTER INSERT OR UPDATE OR DELETE ON postern.address_rules
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postern.on_account_part_change();
-- The column lists leave out last_used_at, which gates stamp all the time.
CREATE CONSTRAINT TRIGGER policy_change
  AFTER INSERT OR DELETE OR UPDATE OF account_id, name, serial, fingerprint_sha256, not_before, not_after, revoked_at
  ON postern.certificates
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postern.on_account_part_change();
CREATE CONSTRAINT TRIGGER policy_change
  AFTER INSERT OR DELETE OR UPDATE OF account_id, name, kind, digest_sha256, scram_stored_key, scram_server_key,
    role_name, role_secret_sealed, grants, state, expires_at
  ON postern.api_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION postern.on_account_part_change();
`,
};
