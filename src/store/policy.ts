/**
 * From the store's rows to policy: everything at once, or the accounts that changed since a version.
 * Always one snapshot, so that the version and the rows belong together, and one statement per table for thousands of
 * accounts. Read only. An account with rules that make no sense admits nobody; it must never keep the
 * changes of the others from the gates.
 */

import { messageOf } from '../errors.ts';
import type { AccountPolicy, AddressRule, ApiKey, Certificate } from '../policy/account.ts';
import { compileAddresses } from '../policy/addresses.ts';
import type { Database } from '../postgres/database.ts';
import type { Queryable } from '../postgres/query.ts';

export interface WholePolicy {
  readonly version: number;
  readonly accounts: readonly AccountPolicy[];
}

export interface PolicyChanges {
  readonly version: number;
  readonly changed: readonly AccountPolicy[];
  /** Ids of accounts that are gone. */
  readonly removed: readonly string[];
  /**
   * When the oldest of these changes was committed, on this process's clock (`performance.now`), by how long ago that was
   * on the store's; not later than it was. null: the changes are from before the store noted it.
   */
  readonly committedAtMs: number | null;
}

type Owned<T> = T & { readonly accountId: string };
type AccountRow = Omit<AccountPolicy, 'addressRules' | 'addresses' | 'unreadable' | 'certificates' | 'keys'>;

/** Expired certificates are kept for a while so that the client is told "expired on …" and not "unknown". */
const rememberExpiredDays = 90;

const epochMs = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const idsText = "SELECT id FROM postern.accounts WHERE status <> 'deleted'";

const accountsText = `
  SELECT id, name, backend, database, database_aliases AS "databaseAliases", status = 'active' AS enabled,
    client_certificate AS "clientCertificate", client_authentication AS "clientAuthentication",
    scram_salt AS "scramSalt", scram_iterations AS "scramIterations", max_sessions AS "maxSessions"
  FROM postern.accounts
  WHERE status <> 'deleted' AND id = ANY ($1)`;

const ofAccounts = 'account_id = ANY ($1)';

const addressRulesText = `
  SELECT account_id AS "accountId", id, cidr, label, ${epochMs('expires_at')} AS "expiresAt"
  FROM postern.address_rules WHERE ${ofAccounts} ORDER BY created_at, id`;

const certificatesText = `
  SELECT account_id AS "accountId", id, name, serial, fingerprint_sha256 AS fingerprint,
    ${epochMs('not_before')} AS "notBefore", ${epochMs('not_after')} AS "notAfter",
    ${epochMs('revoked_at')} AS "revokedAt"
  FROM postern.certificates
  WHERE ${ofAccounts} AND not_after > now() - interval '${rememberExpiredDays} days' ORDER BY created_at, id`;

const keysText = `
  SELECT account_id AS "accountId", id, name, kind, encode(digest_sha256, 'hex') AS digest,
    scram_stored_key AS "scramStoredKey", scram_server_key AS "scramServerKey", role_name AS "roleName",
    role_secret_sealed AS "sealedRolePassword", next_role_secret_sealed AS "nextSealedRolePassword",
    ${epochMs('expires_at')} AS "expiresAt", state
  FROM postern.api_keys WHERE ${ofAccounts} AND state <> 'revoked' ORDER BY created_at, id`;

const changesText = `
  SELECT account_id AS id, ${epochMs('(clock_timestamp() - changed_at)')} AS "agoMs"
  FROM postern.policy_changes WHERE version > $1`;

const group = <T extends object>(rows: readonly Owned<T>[]): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const { accountId, ...row } of rows) {
    const known = groups.get(accountId);
    if (known === undefined) {
      groups.set(accountId, [row as unknown as T]);
    } else {
      known.push(row as unknown as T);
    }
  }
  return groups;
};

const compileRules = (
  name: string,
  rules: readonly AddressRule[],
): Pick<AccountPolicy, 'addresses' | 'unreadable'> => {
  try {
    return { addresses: compileAddresses(rules), unreadable: null };
  } catch (error) {
    const unreadable = `The account "${name}" admits nobody because of an address rule: ${messageOf(error)}`;
    return { addresses: compileAddresses([]), unreadable };
  }
};

/** So many at a time: to compile a hundred thousand accounts in one go would hold the event loop for seconds. */
const batchSize = 2_000;

/** Those of the given accounts that are not deleted. */
const loadAccounts = async (snapshot: Queryable, ids: readonly string[]): Promise<AccountPolicy[]> => {
  const accounts: AccountPolicy[] = [];
  for (let done = 0; done < ids.length; done += batchSize) {
    accounts.push(...(await loadBatch(snapshot, ids.slice(done, done + batchSize))));
  }
  return accounts;
};

const loadBatch = async (snapshot: Queryable, ids: readonly string[]): Promise<AccountPolicy[]> => {
  const accounts = await snapshot.query<AccountRow>(accountsText, [ids]);
  const rules = group((await snapshot.query<Owned<AddressRule>>(addressRulesText, [ids])).rows);
  const certificates = group((await snapshot.query<Owned<Certificate>>(certificatesText, [ids])).rows);
  const keys = group((await snapshot.query<Owned<ApiKey>>(keysText, [ids])).rows);
  return accounts.rows.map((account) => {
    const addressRules = rules.get(account.id) ?? [];
    return Object.freeze({
      ...account,
      addressRules,
      ...compileRules(account.name, addressRules),
      certificates: certificates.get(account.id) ?? [],
      keys: keys.get(account.id) ?? [],
    });
  });
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
