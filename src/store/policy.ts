/**
 * From the store's rows to policy: everything at once, or the accounts that changed since a version.
 * Always one snapshot, so that the version and the accounts belong together. Read only.
 */

import type { AddressRule, WrittenPolicy } from '../policy/account.ts';
import { type PackedAccount, packAccount, unpackAccount } from '../policy/packed-account.ts';
import type { Database } from '../postgres/database.ts';
import type { Queryable } from '../postgres/query.ts';

export interface WholePolicy {
  readonly version: number;
  readonly accounts: readonly PackedAccount[];
}

export interface PolicyChanges {
  readonly version: number;
  readonly changed: readonly PackedAccount[];
  /** Ids of accounts that are gone. */
  readonly removed: readonly string[];
  /**
   * When the oldest of these changes was committed, on this process's clock (`performance.now`), by how long ago that was
   * on the store's; not later than it was. null: the changes are from before the store noted it.
   */
  readonly committedAtMs: number | null;
}

/** Expired certificates are kept for a while so that the client is told "expired on …" and not "unknown". */
const rememberExpiredDays = 90;

const epochMs = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const idsText = "SELECT id FROM postern.accounts WHERE status <> 'deleted'";

/** A JSON array of what an account has in another table: `statement` calls that `own`. */
const listOf = (statement: string): string =>
  `coalesce((SELECT json_agg(each) FROM (${statement}) AS each), '[]')`;

const addressRules = listOf(`
  SELECT own.cidr, own.label, ${epochMs('own.expires_at')} AS "expiresAt"
  FROM postern.address_rules AS own WHERE own.account_id = account.id ORDER BY own.created_at, own.id`);

const certificates = listOf(`
  SELECT own.id, own.name, own.serial, own.fingerprint_sha256 AS fingerprint,
    ${epochMs('own.not_before')} AS "notBefore", ${epochMs('own.not_after')} AS "notAfter",
    ${epochMs('own.revoked_at')} AS "revokedAt"
  FROM postern.certificates AS own
  WHERE own.account_id = account.id AND own.not_after > now() - interval '${rememberExpiredDays} days'
  ORDER BY own.created_at, own.id`);

const keys = listOf(`
  SELECT own.id, own.name, own.kind, encode(own.digest_sha256, 'hex') AS digest,
    encode(own.scram_stored_key, 'base64') AS "scramStoredKey",
    encode(own.scram_server_key, 'base64') AS "scramServerKey", own.role_name AS "roleName",
    own.role_secret_sealed AS "sealedRolePassword", own.next_role_secret_sealed AS "nextSealedRolePassword",
    ${epochMs('own.expires_at')} AS "expiresAt", own.state
  FROM postern.api_keys AS own WHERE own.account_id = account.id AND own.state <> 'revoked'
  ORDER BY own.created_at, own.id`);

/** PostgreSQL writes the very text that a gate keeps: as rows all of it would be garbage after a moment. */
const accountsText = `
  SELECT row_to_json(policy)::text AS policy, ${addressRules} AS "addressRules"
  FROM postern.accounts AS account,
    LATERAL (SELECT id, name, backend, database, database_aliases AS "databaseAliases",
      status = 'active' AS enabled, client_certificate AS "clientCertificate",
      client_authentication AS "clientAuthentication", encode(scram_salt, 'base64') AS "scramSalt",
      scram_iterations AS "scramIterations", max_sessions AS "maxSessions",
      ${certificates} AS certificates, ${keys} AS keys) AS policy
  WHERE account.status <> 'deleted' AND account.id = ANY ($1)`;

const changesText = `
  SELECT account_id AS id, ${epochMs('(clock_timestamp() - changed_at)')} AS "agoMs"
  FROM postern.policy_changes WHERE version > $1`;

interface AccountRow {
  readonly policy: string;
  readonly addressRules: readonly AddressRule[];
}

/** So many at a time: to compile a hundred thousand accounts in one go would hold the event loop for seconds. */
const batchSize = 500;

const loadBatch = async (snapshot: Queryable, ids: readonly string[]): Promise<AccountRow[]> =>
  (await snapshot.query<AccountRow>(accountsText, [ids])).rows;

/** Those of the given accounts that are not deleted. */
const loadAccounts = async (snapshot: Queryable, ids: readonly string[]): Promise<PackedAccount[]> => {
  const accounts: PackedAccount[] = [];
  for (let done = 0; done < ids.length; done += batchSize) {
    const rows = await loadBatch(snapshot, ids.slice(done, done + batchSize));
    for (const { policy, addressRules } of rows) accounts.push(packAccount(policy, addressRules));
  }
  return accounts;
};

/** The latest; an instance that has a smaller one is behind. */
export const loadPolicyVersion = async (database: Queryable): Promise<number> => {
  const { rows } = await database.query<{ version: number }>('SELECT version FROM postern.policy_version');
  return rows[0]?.version ?? 0;
};

/** The policy of every account that is not deleted. */
export const loadPolicy = (database: Pick<Database, 'transaction'>): Promise<WholePolicy> =>
  database.transaction(async (snapshot) => {
    const version = await loadPolicyVersion(snapshot);
    const { rows } = await snapshot.query<{ id: string }>(idsText);
    return {
      version,
      accounts: await loadAccounts(
        snapshot,
        rows.map(({ id }) => id),
      ),
    };
  }, 'snapshot');

/** The policy of one account with its rules as people wrote them; undefined: there is none, or it is deleted. */
export const loadAccountPolicy = async (
  database: Queryable,
  accountId: string,
): Promise<WrittenPolicy | undefined> => {
  const [row] = await loadBatch(database, [accountId]);
  return (
    row && { ...unpackAccount(packAccount(row.policy, row.addressRules)), addressRules: row.addressRules }
  );
};

/**
 * What changed after `sinceVersion`. A returned version below `sinceVersion` means that the store was set back
 * (restored from a dump): then nothing else in the answer counts, and the whole policy has to be loaded.
 */
export const loadChanges = async (
  database: Pick<Database, 'query' | 'transaction'>,
  sinceVersion: number,
): Promise<PolicyChanges> => {
  const seen = await loadPolicyVersion(database);
  if (seen <= sinceVersion) {
    return { version: seen, changed: [], removed: [], committedAtMs: null };
  }
  return database.transaction(async (snapshot) => {
    const version = await loadPolicyVersion(snapshot);
    const askedAtMs = performance.now();
    const { rows } = await snapshot.query<{ id: string; agoMs: number | null }>(changesText, [sinceVersion]);
    const changed = await loadAccounts(
      snapshot,
      rows.map(({ id }) => id),
    );
    const present = new Set(changed.map(({ id }) => id));
    const agoMs = rows.reduce((oldest, row) => Math.max(oldest, row.agoMs ?? 0), 0);
    return {
      version,
      changed,
      removed: rows.map(({ id }) => id).filter((id) => !present.has(id)),
      committedAtMs: rows.some((row) => row.agoMs !== null) ? askedAtMs - agoMs : null,
    };
  }, 'snapshot');
};
