/**
 * The tables that policy is made of: accounts, address rules, certificates, API keys.
 * The CHECKs are the last line: control refuses earlier, with a sentence. No private key and no API key text has a
 * column; role passwords are stored sealed. Times have the milliseconds of JavaScript, except created_at, which orders
 * what was made in one transaction.
 */

import type { Migration } from './migration.ts';

export const policy: Migration = {
  number: 1,
  name: 'policy',
  sql: `
CREATE FUNCTION postern.is_plain_text(value text, max_length int) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT length(value) <= max_length AND value !~ '[[:cntrl:]]' AND value = btrim(value) $$;

CREATE TABLE postern.accounts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  backend text NOT NULL CHECK (backend <> ''),
  database text NOT NULL CHECK (database <> ''),
  database_aliases text[] NOT NULL DEFAULT '{}',
  owner_role text NOT NULL CHECK (owner_role <> ''),
  public_role text CHECK (public_role <> ''),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'deleted')),
  client_certificate text NOT NULL DEFAULT 'required' CHECK (client_certificate IN ('required', 'optional')),
  client_authentication text CHECK (client_authentication IN ('scram-sha-256', 'password')),
  scram_salt bytea NOT NULL CHECK (octet_length(scram_salt) = 16),
  scram_iterations int NOT NULL CHECK (scram_iterations BETWEEN 4096 AND 10000000),
  max_sessions int CHECK (max_sessions >= 0),
  any_address_allowed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- The name of a deleted account is free again: nothing of the old one is found by name.
CREATE UNIQUE INDEX accounts_name_key ON postern.accounts (name) WHERE status <> 'deleted';

CREATE TABLE postern.address_rules (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL REFERENCES postern.accounts (id),
  cidr cidr NOT NULL,
  label text NOT NULL DEFAULT '' CHECK (postern.is_plain_text(label, 200)),
  expires_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT address_rules_account_id_cidr_key UNIQUE (account_id, cidr)
);

CREATE TABLE postern.certificates (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL REFERENCES postern.accounts (id),
  name text NOT NULL CHECK (name <> '' AND postern.is_plain_text(name, 100)),
  serial text NOT NULL CHECK (serial ~ '^[0-9a-f]{1,40}$'),
  fingerprint_sha256 text NOT NULL CHECK (fingerprint_sha256 ~ '^[0-9a-f]{64}$'),
  issued_from text NOT NULL CHECK (issued_from IN ('key', 'csr')),
  not_before timestamptz(3) NOT NULL,
  not_after timestamptz(3) NOT NULL CHECK (not_after > not_before),
  revoked_at timestamptz(3),
  revoke_reason text,
  last_used_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT certificates_account_id_name_key UNIQUE (account_id, name),
  CONSTRAINT certificates_fingerprint_sha256_key UNIQUE (fingerprint_sha256),
  CHECK (revoke_reason IS NULL OR revoked_at IS NOT NULL)
);

CREATE TABLE postern.api_keys (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL REFERENCES postern.accounts (id),
  name text NOT NULL CHECK (name <> '' AND postern.is_plain_text(name, 100)),
  kind text NOT NULL CHECK (kind IN ('master', 'default_public', 'regular')),
  digest_sha256 bytea NOT NULL CHECK (octet_length(digest_sha256) = 32),
  scram_stored_key bytea NOT NULL CHECK (octet_length(scram_stored_key) = 32),
  scram_server_key bytea NOT NULL CHECK (octet_length(scram_server_key) = 32),
  hint text NOT NULL CHECK (length(hint) = 4),
  role_name text NOT NULL CHECK (octet_length(role_name) BETWEEN 1 AND 63),
  role_secret_sealed text NOT NULL CHECK (role_secret_sealed <> ''),
  grants jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(grants) = 'array'),
  grants_applied boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'provisioning' CHECK (state IN ('provisioning', 'active', 'revoking', 'revoked')),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revoke_reason text,
  rotated_at timestamptz(3),
  last_used_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT api_keys_digest_sha256_key UNIQUE (digest_sha256),
  CONSTRAINT api_keys_role_name_key UNIQUE (role_name),
  CHECK ((state IN ('revoking', 'revoked')) = (revoked_at IS NOT NULL))
);
CREATE INDEX api_keys_account_id ON postern.api_keys (account_id);
CREATE UNIQUE INDEX api_keys_account_id_name_key ON postern.api_keys (account_id, name) WHERE state <> 'revoked';
CREATE UNIQUE INDEX api_keys_default_public_key ON postern.api_keys (account_id)
  WHERE kind = 'default_public' AND state <> 'revoked';
`,
};
