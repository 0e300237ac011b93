/**
 * Roles that were changed on the backend, by their holders, by the account's owner or by an administrator, and are
 * provisioned again.
 */

import { describe, expect, it } from 'vitest';
import { quoteIdentifier as q } from '../../src/postgres/quote.ts';
import { prepareAccount, publicRoleOf } from '../../src/provision/account.ts';
import { estateRoleOf } from '../../src/provision/estate.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { type AdminKind, type BackendFixture, withBackend } from './backend-fixture.ts';

const kinds = [
  { kind: 'master' },
  { kind: 'default_public', grants: ['select on public.roads'] },
  { kind: 'regular', grants: ['select,insert on all in gis'] },
] as const;

/** Provisions a key, has it changed, provisions it again; it must be what it was. */
const expectRestored = async (
  backend: BackendFixture,
  key: (typeof kinds)[number],
  change: (roleName: string) => Promise<unknown>,
): Promise<void> => {
  const roleName = await backend.provision(key);
  const before = await backend.snapshot(roleName);
  await change(roleName);
  expect(await backend.snapshot(roleName)).not.toEqual(before);
  await backend.provision({ ...key, roleName });
  expect(await backend.snapshot(roleName)).toEqual(before);
  await (await backend.login(roleName)).query('SELECT 1');
};

describe.each<AdminKind>(['superuser', 'createrole'])('with a %s as admin', (admin) => {
  describe.each(kinds)('a $kind key gets back', (key) => {
    it('the settings it was made with, though it gave itself others', () =>
      withBackend(
        async (backend) =>
          expectRestored(backend, key, async (roleName) => {
            const holder = await backend.login(roleName);
            await holder.query('SET ROLE NONE');
            await holder.query("ALTER ROLE CURRENT_USER SET statement_timeout = '1ms'");
            await holder.query('ALTER ROLE CURRENT_USER SET search_path = gis');
            await holder.query('ALTER ROLE CURRENT_USER SET role = none');
            await holder.query(
              `ALTER ROLE CURRENT_USER IN DATABASE ${q(backend.account.database)} SET role = none`,
            );
            await holder.query("ALTER ROLE CURRENT_USER PASSWORD 'mine'");
          }),
        { admin },
      ));

    it('its one membership, though the admin gave it others', () =>
      withBackend(
        async (backend) =>
          expectRestored(backend, key, async (roleName) => {
            const { name, ownerRole } = backend.account;
            await backend.admin.query(`CREATE ROLE "${name}_group"`);
            for (const group of [ownerRole, publicRoleOf(backend.account), `${name}_group`]) {
              await backend.admin.query(`GRANT ${q(group)} TO ${q(roleName)} WITH ADMIN OPTION`);
            }
          }),
        { admin },
      ));

    it('no right on the database, though the owner gave it all', () =>
      withBackend(
        async (backend) =>
          expectRestored(backend, key, (roleName) =>
            backend.superuser(
              `SET ROLE ${q(backend.account.ownerRole)}`,
              `GRANT ALL ON DATABASE ${q(backend.account.database)} TO ${q(roleName)} WITH GRANT OPTION`,
              `GRANT SELECT ON public.secrets TO ${q(roleName)}`,
            ),
          ),
        { admin },
      ));

    it('login without end, and the inheritance of its rights', () =>
      withBackend(
        async ({ superuser, snapshot, provision, login }) => {
          const roleName = await provision(key);
          await superuser(`ALTER ROLE ${q(roleName)} VALID UNTIL 'infinity'`);
          const before = await snapshot(roleName);
          await superuser(`ALTER ROLE ${q(roleName)} NOLOGIN NOINHERIT VALID UNTIL '2001-01-01'`);
          await provision({ ...key, roleName });
          expect(await snapshot(roleName)).toEqual(before);
          await login(roleName);
        },
        { admin },
      ));
  });

  it.each(['CREATEDB', 'CREATEROLE', 'BYPASSRLS', 'REPLICATION', 'SUPERUSER'])(
    'a role that was made %s loses that, or the admin is told what a superuser has to run',
    (attribute) =>
      withBackend(
        async (backend) => {
          const key = { kind: 'regular', grants: ['create in gis'] } as const;
          const roleName = await backend.provision(key);
          const before = await backend.snapshot(roleName);
          await backend.superuser(`ALTER ROLE ${q(roleName)} ${attribute}`);
          await backend.provision({ ...key, roleName }).catch(async (error: Error) => {
            expect(admin).toBe('createrole');
            expect(error.message).toContain(`run ALTER ROLE "${roleName}" NO${attribute} as superuser`);
            await backend.superuser(`ALTER ROLE ${q(roleName)} NO${attribute}`);
            await backend.provision({ ...key, roleName });
          });
          expect(await backend.snapshot(roleName)).toEqual(before);
        },
        { admin },
      ),
  );

  it('a membership that only a superuser can take back is told from PostgreSQL 16 on', () =>
    withBackend(
      async (backend) => {
        const roleName = await backend.provision({});
        const before = await backend.snapshot(roleName);
        await backend.superuser(`GRANT ${q(backend.account.ownerRole)} TO ${q(roleName)}`);
        await backend.provision({ roleName }).catch(async (error: Error) => {
          expect(admin).toBe('createrole');
          const [, statement = ''] = /run (.*) as superuser/.exec(error.message) ?? [];
          expect(statement).toMatch(/^REVOKE /);
          await backend.superuser(statement);
          await backend.provision({ roleName });
        });
        expect(await backend.snapshot(roleName)).toEqual(before);
      },
      { admin },
    ));

  it('public role and estate lose what they were given as well', () =>
    withBackend(
      async (backend) => {
        const { account } = backend;
        const maker = await backend.provision({ grants: ['create in gis'] });
        await (await backend.login(maker)).query('CREATE TABLE gis.upload (id int)');
        await revokeRole(backend.admin, account, { kind: 'regular', roleName: maker }, { graceMs: 0 });
        const roles = [publicRoleOf(account), estateRoleOf(account)];
        const snapshots = () => Promise.all(roles.map(backend.snapshot));
        const before = await snapshots();
        for (const role of roles) {
          await backend.admin.query(`GRANT ${q(account.ownerRole)} TO ${q(role)}`).catch((error: Error) =>
            // The owner is a member of the estate.
            expect(error.message).toContain('is a member of role'),
          );
          await backend.superuser(
            `ALTER ROLE ${q(role)} LOGIN PASSWORD 'x'`,
            `ALTER ROLE ${q(role)} SET search_path = gis`,
            `GRANT ALL ON DATABASE ${q(account.database)} TO ${q(role)} WITH GRANT OPTION`,
          );
        }
        await prepareAccount(backend.admin, account);
        expect(await snapshots()).toEqual(before);
      },
      { admin },
    ));
});

it('a CONNECTION LIMIT is an administrator’s to set, and stays', () =>
  withBackend(async (backend) => {
    const roleName = await backend.provision({});
    await backend.superuser(`ALTER ROLE ${q(roleName)} CONNECTION LIMIT 3`);
    await backend.provision({ roleName });
    expect(await backend.snapshot(roleName)).toMatchObject([{ state: { role: { rolconnlimit: 3 } } }]);
  }));
