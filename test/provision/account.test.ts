import { expect, it } from 'vitest';
import { dropAccount, prepareAccount, publicRoleOf } from '../../src/provision/account.ts';
import { listGrantable } from '../../src/provision/grantable.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { postgresUrl } from '../support/postgres.ts';
import { type AdminKind, openAdminAt, withBackend } from './backend-fixture.ts';

it("a key of one account cannot connect to another's database", () =>
  withBackend((one) =>
    withBackend(async (other) => {
      for (const kind of ['master', 'default_public', 'regular'] as const) {
        const role = await one.provision({ kind });
        await expect(one.login(role, other.account.database)).rejects.toMatchObject({ code: '42501' });
      }
    }),
  ));

it.each<AdminKind>(['superuser', 'createrole'])(
  'preparing twice changes nothing, dropping leaves nothing (%s)',
  (admin) =>
    withBackend(
      async ({ admin: database, account, superuser, snapshot, provision }) => {
        const acl = () =>
          superuser('SELECT datacl::text FROM pg_database WHERE datname = current_database()');
        const before = [await acl(), await snapshot(publicRoleOf(account))];
        await prepareAccount(database, account);
        expect([await acl(), await snapshot(publicRoleOf(account))]).toEqual(before);
        const roleName = await provision({ kind: 'default_public', grants: ['select on public.roads'] });
        await revokeRole(database, account, { kind: 'default_public', roleName });
        await dropAccount(database, account);
        await dropAccount(database, account);
        expect(await snapshot(publicRoleOf(account))).toEqual([]);
      },
      { admin },
    ),
);

it('says what is wrong with the owner role', () =>
  withBackend(async ({ admin, account, superuser }) => {
    const prepare = (ownerRole: string) => prepareAccount(admin, { ...account, ownerRole });
    await expect(prepare('no_such_role')).rejects.toThrow(
      'The role "no_such_role" does not exist on the backend',
    );
    await expect(prepare('postgres')).rejects.toThrow('cannot own the account');
    await expect(prepare('pg_read_all_settings')).rejects.toThrow('cannot own the account');
    for (const attribute of ['LOGIN', 'CREATEROLE', 'CREATEDB', 'BYPASSRLS', 'REPLICATION', 'SUPERUSER']) {
      await superuser(`ALTER ROLE "${account.ownerRole}" ${attribute}`);
      await expect(prepare(account.ownerRole), attribute).rejects.toThrow(
        `The role "${account.ownerRole}" cannot own the account`,
      );
      await superuser(`ALTER ROLE "${account.ownerRole}" NO${attribute}`);
    }
    await prepare(account.ownerRole);
  }));

it.each<AdminKind>(['superuser', 'createrole'])(
  'an owner role that can act as a more powerful one is refused (%s)',
  (admin) =>
    withBackend(
      async ({ admin: database, account, superuser, provision }) => {
        const between = `${account.name}_between`;
        await superuser(`CREATE ROLE "${between}" NOINHERIT`, `GRANT "${between}" TO "${account.ownerRole}"`);
        for (const powerful of ['postgres', 'pg_read_all_settings', `${account.name}_admin`]) {
          await superuser(
            `REVOKE "${account.ownerRole}" FROM "${account.name}_admin"`,
            `GRANT "${powerful}" TO "${between}"`,
          );
          await expect(prepareAccount(database, account), powerful).rejects.toThrow(
            `The role "${account.ownerRole}" is a member of "${powerful}" and cannot own the account`,
          );
          await superuser(
            `REVOKE "${powerful}" FROM "${between}"`,
            `GRANT "${account.ownerRole}" TO "${account.name}_admin" WITH ADMIN OPTION`,
          );
        }
        await prepareAccount(database, account);
        // It is a member of the roles of keys that create; what was done to them must not stop their repair.
        const creator = await provision({ grants: ['create in gis'] });
        await superuser(`ALTER ROLE "${creator}" CREATEDB`);
        await prepareAccount(database, account);
      },
      { admin },
    ),
);

it('says what the admin lacks', () =>
  withBackend(
    async ({ admin, account, superuser }) => {
      await superuser(`REVOKE "${account.ownerRole}" FROM "${account.name}_admin"`);
      await expect(prepareAccount(admin, account)).rejects.toThrow(
        `run GRANT "${account.ownerRole}" TO "${account.name}_admin" WITH ADMIN OPTION`,
      );
    },
    { admin: 'createrole' },
  ));

it('says that the database does not exist', async () => {
  const database = openAdminAt(postgresUrl('no_such_database'));
  const account = { name: 'x', database: 'no_such_database', ownerRole: 'x' };
  await expect(prepareAccount(database, account)).rejects.toThrow(
    'The database "no_such_database" does not exist',
  );
  await database.close();
});

it('a database that the admin cannot close is refused, not left open', () =>
  withBackend(
    async ({ admin, account, superuser }) => {
      await superuser(
        `ALTER DATABASE "${account.database}" OWNER TO postgres`,
        `GRANT CONNECT ON DATABASE "${account.database}" TO PUBLIC`,
      );
      await expect(prepareAccount(admin, account)).rejects.toThrow('cannot be closed to other roles');
    },
    { admin: 'createrole' },
  ));

it('a public schema in which everybody may create, as before PostgreSQL 15, is closed', () =>
  withBackend(async ({ admin, account, superuser, provision, login }) => {
    await superuser('GRANT CREATE ON SCHEMA public TO PUBLIC');
    await prepareAccount(admin, account);
    const key = await login(await provision({ grants: ['select on public.roads'] }));
    await expect(key.query('CREATE TABLE public.mine (id int)')).rejects.toMatchObject({ code: '42501' });
    const master = await login(await provision({ kind: 'master' }));
    await master.query('CREATE TABLE public.mine (id int)');
  }));

it('lists what the account can grant', () =>
  withBackend(async ({ admin, account }) => {
    const all = ['select', 'insert', 'update', 'delete'];
    expect(await listGrantable(admin, account.ownerRole)).toEqual([
      {
        name: 'gis',
        usage: true,
        usageGrantable: true,
        create: true,
        tables: [
          { name: 'park_names', kind: 'view', permissions: all },
          { name: 'parks', kind: 'table', permissions: all },
        ],
      },
      {
        name: 'public',
        usage: true,
        usageGrantable: true,
        create: true,
        tables: [
          { name: 'roads', kind: 'table', permissions: all },
          { name: 'secrets', kind: 'table', permissions: all },
        ],
      },
    ]);
  }));
