/**
 * What happened and what is running: attempts, audit events, instances, sessions.
 * Attempts and sessions refer to accounts, certificates and keys without foreign keys: they are written in batches by
 * gates whose policy may be a moment older than the store, and one dangling id must not cost the whole batch.
 */

import type { Migration } from './migration.ts';

export const records: Migration = {
  number: 2,
  name: 'records',
  sql: `
CREATE TABLE postern.attempts (
  -- The connection's id, so that a batch sent twice is stored once.
  id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  at timestamptz(3) NOT NULL,
  account_id uuid,
  account text,
  -- Text, not inet: what a socket reports may carry an IPv6 zone, and must not cost the batch.
  address text,
  certificate_id uuid,
  key_id uuid,
  outcome text NOT NULL CHECK (outcome IN ('admitted', 'refused')),
  -- A code of the table of failures: why it was refused, or how an admitted connection ended when not by itself.
  reason text,
  sqlstate text CHECK (sqlstate ~ '^[0-9A-Z]{5}$'),
  database text,
  application_name text,
  instance_id uuid,
  duration_ms bigint CHECK (duration_ms >= 0),
  CHECK (outcome <> 'refused' OR reason IS NOT NULL)
);
CREATE INDEX attempts_at ON postern.attempts (at, id);
CREATE INDEX attempts_account_id_at ON postern.attempts (account_id, at, id);

CREATE TABLE postern.audit_events (
  -- Without gaps: the number is taken together with the previous hash.
  number bigint PRIMARY KEY CHECK (number > 0),
  id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  at timestamptz(3) NOT NULL,
  actor text NOT NULL CHECK (actor <> ''),
  action text NOT NULL CHECK (action <> ''),
  target text NOT NULL,
  before jsonb,
  after jsonb,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_events_target ON postern.audit_events (target, number);

CREATE TABLE postern.instances (
  id uuid PRIMARY KEY,
  address text NOT NULL,
  version text NOT NULL,
  started_at timestamptz(3) NOT NULL,
  heartbeat_at timestamptz(3) NOT NULL DEFAULT now(),
  policy_version bigint
);

-- A mirror of what each gate holds in memory; after a crash of the store the gates fill it again.
CREATE UNLOGGED TABLE postern.sessions (
  id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  instance_id uuid NOT NULL REFERENCES postern.instances (id) ON DELETE CASCADE,
  account_id uuid NOT NULL,
  address text NOT NULL,
  certificate_id uuid,
  key_id uuid NOT NULL,
  application_name text NOT NULL DEFAULT '',
  started_at timestamptz(3) NOT NULL
);
CREATE INDEX sessions_instance_id ON postern.sessions (instance_id);
CREATE INDEX sessions_account_id ON postern.sessions (account_id);

-- Nobody may delete attempts one by one. The console shortens the tail, a limited number at a time, and even
-- a console in wrong hands cannot remove the traces of the last day.
CREATE FUNCTION postern.delete_attempts(older_than timestamptz, at_most int) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE deleted bigint;
BEGIN
  DELETE FROM postern.attempts WHERE id IN (
    SELECT id FROM postern.attempts
    WHERE at < LEAST(older_than, now() - interval '1 day') ORDER BY at LIMIT at_most);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;
`,
};
