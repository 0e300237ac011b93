import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/postgres/connect.ts';
import { sqlstateOf } from '../../src/postgres/errors.ts';
import { runAsSuperuser, uniqueName } from '../support/postgres.ts';
import { createStore, type TestStore } from '../support/store.ts';

const id = randomUUID();
const zeros = (bytes: number): string => `'\\x${'00'.repeat(bytes)}'`;

const insertAccount = `INSERT INTO postern.accounts (name, backend, database, owner_role, scram_salt, scram_iterations)
  VALUES ('allowed', 'b', 'd', 'o', ${zeros(16)}, 4096)`;
const insertCertificate = `INSERT INTO postern.certificates (account_id, name, serial, fingerprint_sha256,
  issued_from, not_before, not_after, created_by)
  SELECT id, 'c', 'ab', repeat('a', 64), 'key', now(), now() + '1 day', 't' FROM postern.accounts LIMIT 1`;
const insertKey = `INSERT INTO postern.api_keys (account_id, name, kind, digest_sha256, scram_stored_key,
  scram_server_key, hint, role_name, role_secret_sealed, created_by)
  SELECT id, 'k', 'regular', ${zeros(32)}, ${zeros(32)}, ${zeros(32)}, 'abcd', 'r', 's', 't' FROM postern.accounts LIMIT 1`;
const insertAudit = `INSERT INTO postern.audit_events (number, at, actor, action, target, hash)
  VALUES (1, now(), 'a', 'b', 'c', ${zeros(32)})`;

/** Statement, may a gate, may the console. Each runs in a transaction that is rolled back. */
const cases: [statement: string, gate: boolean, console: boolean][] = [
  ['SELECT FROM postern.accounts', true, true],
  ['SELECT FROM postern.address_rules', true, true],
  ['SELECT FROM postern.certificates', true, true],
  ['SELECT FROM postern.api_keys', true, true],
  ['SELECT FROM postern.policy_version', true, true],
  ['SELECT FROM postern.policy_changes', true, true],
  ['SELECT FROM postern.migrations', true, true],
  ['SELECT FROM postern.instances', true, true],
  ['SELECT FROM postern.sessions', true, true],
  ['SELECT FROM postern.attempts', false, true],
  ['SELECT before, after FROM postern.audit_events', false, true],
  ['SELECT number FROM postern.audit_events', true, true],
  ['SELECT actor FROM postern.audit_events', false, true],
  ['SELECT FROM postern.audit_stream', true, true],

  [insertAccount, false, true],
  [`UPDATE postern.accounts SET status = 'disabled'`, false, true],
  ['DELETE FROM postern.accounts', false, false],
  ['TRUNCATE postern.accounts', false, false],

  [
    `INSERT INTO postern.address_rules (account_id, cidr, created_by)
    SELECT id, '192.0.2.0/24', 't' FROM postern.accounts LIMIT 1`,
    false,
    true,
  ],
  [`UPDATE postern.address_rules SET label = 'x'`, false, true],
  ['DELETE FROM postern.address_rules', false, true],

  [insertCertificate, false, true],
  ['UPDATE postern.certificates SET last_used_at = now()', true, false],
  ['UPDATE postern.certificates SET revoked_at = now()', false, true],
  [`UPDATE postern.certificates SET fingerprint_sha256 = repeat('b', 64)`, false, false],
  ['DELETE FROM postern.certificates', false, false],

  [insertKey, false, true],
  ['UPDATE postern.api_keys SET last_used_at = now()', true, true],
  [`UPDATE postern.api_keys SET state = 'active'`, false, true],
  ['DELETE FROM postern.api_keys', false, false],

  [
    `INSERT INTO postern.attempts (id, at, outcome) VALUES ('x', now(), 'admitted') ON CONFLICT DO NOTHING`,
    true,
    false,
  ],
  [`UPDATE postern.attempts SET outcome = 'admitted'`, false, false],
  ['DELETE FROM postern.attempts', false, false],
  ['SELECT postern.delete_attempts(now(), 10)', false, true],

  [insertAudit, false, true],
  [`UPDATE postern.audit_events SET actor = 'x'`, false, false],
  ['DELETE FROM postern.audit_events', false, false],
  ['UPDATE postern.audit_stream SET written = written', false, false],
  ['SELECT FROM postern.audit_stream FOR UPDATE', false, false],
  ['SELECT postern.take_audit_events(10)', true, true],
  ['DELETE FROM postern.audit_stream', false, false],

  [
    `INSERT INTO postern.instances (id, address, version, started_at) VALUES ('${id}', 'a', 'v', now())`,
    true,
    false,
  ],
  ['UPDATE postern.instances SET heartbeat_at = now()', true, false],
  ['DELETE FROM postern.instances', true, false],
  ['DELETE FROM postern.sessions', true, false],

  ['UPDATE postern.policy_version SET version = 0', false, false],
  ['DELETE FROM postern.policy_changes', false, false],
  [`SELECT postern.note_policy_change('${id}')`, false, false],
  ['DELETE FROM postern.migrations', false, false],
  ['CREATE TABLE postern.mine (id int)', false, false],
  ['CREATE TABLE public.mine (id int)', false, false],
  ['CREATE TEMPORARY TABLE mine (id int)', false, false],
  [`SELECT pg_notify('postern_orders', '{}')`, true, true],
];

describe('least privileges', () => {
  let store: TestStore;

  beforeAll(async () => {
    store = await createStore();
    await store.owner.query(insertAccount.replace('allowed', 'present'));
  });

  afterAll(() => store.drop());

  for (const role of ['gate', 'console'] as const) {
    test.each(
      cases.map(([statement, gate, console]) => {
        const allowed = role === 'gate' ? gate : console;
        return { allowed, word: allowed ? 'may' : 'may not', statement };
      }),
    )(`the ${role} $word $statement`, async ({ allowed, statement }) => {
      const rollBack = new Error('roll back');
      const attempt = store[role].transaction(async (tx) => {
        await tx.query(statement);
        throw rollBack;
      });

      const outcome = await attempt.catch((error: unknown) => error);

      if (allowed) {
        expect(outcome).toBe(rollBack);
      } else {
        expect(sqlstateOf(outcome)).toBe('42501');
      }
    });
  }

  test('a write of the console passes the triggers that it may not call itself', async () => {
    await store.console.query(insertAccount);
    await store.console.query(insertCertificate);
    await store.console.query(insertKey);
    await store.gate.query('UPDATE postern.certificates SET last_used_at = now()');
    await store.gate.query('UPDATE postern.api_keys SET last_used_at = now()');
  });

  test('a login that is a member of neither role cannot connect to the store', async () => {
    const user = uniqueName('stranger');
    await runAsSuperuser(store.url, `CREATE ROLE ${user} LOGIN PASSWORD 'stranger'`);
    const url = new URL(store.url);
    url.username = user;
    url.password = 'stranger';
    try {
      const refused = await connect({ url: url.href, applicationName: 'test' }).catch(
        (error: unknown) => error,
      );
      expect(sqlstateOf(refused)).toBe('42501');

      await runAsSuperuser(store.url, `GRANT postern_gate TO ${user}`);
      const admitted = await connect({ url: url.href, role: 'postern_gate', applicationName: 'test' });
      expect((await admitted.query('SELECT current_user AS role')).rows).toEqual([{ role: 'postern_gate' }]);
      await admitted.close();
    } finally {
      await runAsSuperuser(store.url, `DROP ROLE ${user}`);
    }
  });
});
