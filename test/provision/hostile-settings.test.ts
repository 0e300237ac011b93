/**
 * The owner of a database may set it up as it likes; what the admin does there must not depend on it.
 */

import { describe, expect, it } from 'vitest';
import { quoteIdentifier as q } from '../../src/postgres/quote.ts';
import { prepareAccount } from '../../src/provision/account.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { provisionRole, setRoleGrants } from '../../src/provision/scoped-role.ts';
import { buildScramVerifier } from '../../src/provision/verifier.ts';
import { postgresUrl, runAsSuperuser } from '../support/postgres.ts';
import { type AdminKind, type BackendFixture, withBackend } from './backend-fixture.ts';

const key = (roleName: string) => ({
  kind: 'regular' as const,
  roleName,
  grants: [
    { kind: 'schema' as const, schema: 'gis', permissions: ['select' as const, 'insert' as const] },
    { kind: 'create' as const, schema: 'gis' },
  ],
});

/** The whole life of a key, on connections that are made now. */
const liveAndDie = ({ account, withNewAdmin, snapshot }: BackendFixture) =>
  withNewAdmin(async (admin) => {
    const role = key(`postern_${account.name}_victim`);
    await prepareAccount(admin, account);
    await provisionRole(admin, account, { ...role, verifier: buildScramVerifier('secret') });
    await setRoleGrants(admin, account, role);
    await revokeRole(admin, account, role, { graceMs: 0 });
    // Or they would hold for the connections of the test itself.
    await runAsSuperuser(postgresUrl(), `ALTER DATABASE ${q(account.database)} RESET ALL`);
    expect(await snapshot(role.roleName)).toEqual([]);
  });

describe.each<AdminKind>(['superuser', 'createrole'])('with a %s as admin', (admin) => {
  it('functions and operators of the account are never run, whatever its search_path', () =>
    withBackend(
      async (backend) => {
        const { account, superuser, login, provision } = backend;
        const roleName = await provision({ kind: 'master' });
        const master = await login(roleName);
        const traps = [
          'has_schema_privilege(name, oid, text) RETURNS boolean',
          'has_table_privilege(name, oid, text) RETURNS boolean',
          'pg_has_role(name, oid, text) RETURNS boolean',
          'pg_get_userbyid(oid) RETURNS name',
          'shobj_description(oid, name) RETURNS text',
          'eq(name, name) RETURNS boolean',
        ];
        const steps = [
          `GRANT ${q(account.ownerRole)} TO ${q(roleName)}`,
          `ALTER ROLE ${q(roleName)} SUPERUSER`,
        ];
        await master.query('CREATE SCHEMA evil; CREATE TABLE evil.sprung (who text)');
        for (const trap of traps) {
          await master.query(
            `CREATE FUNCTION evil.${trap} LANGUAGE plpgsql AS $$ BEGIN
               IF session_user <> ${`'${roleName}'`} THEN
                 INSERT INTO evil.sprung VALUES (session_user);
                 ${steps.map((step) => `EXECUTE '${step}';`).join(' ')}
               END IF;
               RETURN NULL;
             END $$`,
          );
        }
        await master.query('CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.eq)');
        await master.query(`ALTER DATABASE ${q(account.database)} SET search_path = evil, pg_catalog`);
        await liveAndDie(backend);
        expect(await superuser('TABLE evil.sprung')).toEqual([]);
        expect(await superuser(`SELECT rolsuper FROM pg_roles WHERE rolname = '${roleName}'`)).toEqual([
          { rolsuper: false },
        ]);
      },
      { admin },
    ));

  it.each([
    'default_transaction_read_only = on',
    "transaction_timeout = '1ms'",
    "idle_session_timeout = '1ms'",
    "default_transaction_isolation = 'serializable'",
    'statement_timeout = 1',
    'lock_timeout = 1',
    'idle_in_transaction_session_timeout = 1',
    'standard_conforming_strings = off',
    'row_security = off',
    'exit_on_error = on',
    "local_preload_libraries = 'no_such_library'",
    'role = OWNER',
    'session_authorization = OWNER',
    'client_encoding = LATIN1',
    'quote_all_identifiers = on',
    'array_nulls = off',
  ])('ALTER DATABASE … SET %s by the account keeps nothing from working', (setting) =>
    withBackend(
      async (backend) => {
        const { account, login, provision } = backend;
        const master = await login(await provision({ kind: 'master' }));
        await master.query(
          `ALTER DATABASE ${q(account.database)} SET ${setting.replace('OWNER', `'${account.ownerRole}'`)}`,
        );
        await liveAndDie(backend);
      },
      { admin },
    ),
  );
});
