/**
 * A store with as many accounts as a large customer base has, each with address rules, certificates and API keys as the
 * console makes them: every constraint holds and every row is different. Triggers are left out, because they note each
 * row by itself; what they would have noted is written at the end, as one change of all accounts.
 */

import { runAsSuperuser } from '../../support/postgres.ts';

export const perAccount = { rules: 3, certificates: 2, keys: 3 } as const;

/** `digest(account, part)`: 32 bytes that are different for each. */
const statements = (accounts: number): string[] => [
  'SET session_replication_role = replica',
  `CREATE TEMP TABLE made AS
   SELECT n, gen_random_uuid() AS id, 'customer-' || n AS name FROM generate_series(1, ${accounts}) AS n`,
  `INSERT INTO postern.accounts (id, name, backend, database, owner_role, scram_salt, scram_iterations)
   SELECT id, name, 'main', 'database_' || n, 'owner_' || n, decode(md5(name), 'hex'), 4096 FROM made`,
  `INSERT INTO postern.address_rules (account_id, cidr, label, created_by)
   SELECT id, CASE part
       WHEN 1 THEN set_masklen('10.0.0.0'::inet + n, 32)::cidr
       WHEN 2 THEN network(set_masklen('172.16.0.0'::inet + n * 16, 28))
       ELSE network(set_masklen('2001:db8::'::inet + n * 65536::bigint, 112))
     END, 'office ' || part, 'bench'
   FROM made, generate_series(1, ${perAccount.rules}) AS part`,
  `INSERT INTO postern.certificates
     (account_id, name, serial, fingerprint_sha256, issued_from, not_before, not_after, created_by)
   SELECT id, 'laptop ' || part, md5(name || part), encode(sha256(convert_to(name || part, 'UTF8')), 'hex'), 'key',
     now() - interval '1 day', now() + interval '1 year', 'bench'
   FROM made, generate_series(1, ${perAccount.certificates}) AS part`,
  `INSERT INTO postern.api_keys (account_id, name, kind, digest_sha256, scram_stored_key, scram_server_key, hint,
     role_name, role_secret_sealed, grants, grants_applied, state, created_by)
   SELECT id, 'key ' || part, CASE part WHEN 1 THEN 'master' ELSE 'regular' END,
     sha256(convert_to('digest' || name || part, 'UTF8')), sha256(convert_to('stored' || name || part, 'UTF8')),
     sha256(convert_to('server' || name || part, 'UTF8')), right(md5(name || part), 4), 'postern_' || name || '_' || part,
     'v1.k1.' || rpad(translate(encode(sha256(convert_to(name || part, 'UTF8')), 'base64'), '+/=', '-_A'), 80, 'x'),
     CASE part WHEN 1 THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object(
       'kind', 'table', 'schema', 'public', 'table', 'roads_' || n % 50, 'permissions', '["select"]'::jsonb)) END,
     true, 'active', 'bench'
   FROM made, generate_series(1, ${perAccount.keys}) AS part`,
  'UPDATE postern.policy_version SET version = version + 1',
  `INSERT INTO postern.policy_changes (account_id, version, changed_at)
   SELECT id, version, clock_timestamp() FROM made, postern.policy_version`,
  'ANALYZE postern.accounts, postern.address_rules, postern.certificates, postern.api_keys',
];

/** @param url a superuser's, of the store's database */
export const fillStore = async (url: string, accounts: number): Promise<void> => {
  await runAsSuperuser(url, ...statements(accounts));
};
