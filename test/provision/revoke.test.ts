import { describe, expect, it } from 'vitest';
import { type BackendAccount, dropAccount, publicRoleOf } from '../../src/provision/account.ts';
import type { AdminDatabase } from '../../src/provision/admin.ts';
import { estateRoleOf } from '../../src/provision/estate.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { type AdminKind, type BackendFixture, withBackend } from './backend-fixture.ts';

const dropAccountAfterKeys = async (
  database: AdminDatabase,
  account: BackendAccount,
  superuser: BackendFixture['superuser'],
): Promise<void> => {
  const rows = await superuser(
    `SELECT rolname::text AS role, pg_has_role(oid, '${account.ownerRole}', 'MEMBER') AS master FROM pg_roles
      WHERE rolname ~ '^postern_${account.name}_[0-9]{4}$'`,
  );
  for (const { role, master } of rows) {
    const kind = master ? 'master' : 'regular';
    await revokeRole(database, account, { kind, roleName: String(role) }, { graceMs: 0 });
  }
  await dropAccount(database, account);
};

describe.each<AdminKind>(['superuser', 'createrole'])('revoking with a %s as admin', (admin) => {
  it('ends live sessions, keeps what the key created and leaves no role', () =>
    withBackend(
      async ({ admin: database, account, provision, login, snapshot, superuser }) => {
        const roleName = await provision({
          grants: ['select,insert on all in gis', 'create in gis', 'all on public.roads'],
        });
        const key = await login(roleName);
        await key.query('CREATE TABLE gis.upload (id int); INSERT INTO gis.upload VALUES (7)');
        const running = expect(key.query('SELECT pg_sleep(600)')).rejects.toMatchObject({ code: '57P01' });
        await revokeRole(database, account, { kind: 'regular', roleName });
        await running;
        expect(await snapshot(roleName)).toEqual([]);
        await expect(login(roleName)).rejects.toMatchObject({ code: '28P01' });
        expect(
          await superuser(
            "SELECT tableowner::text AS owner, (SELECT id FROM gis.upload) FROM pg_tables WHERE tablename = 'upload'",
          ),
        ).toEqual([{ owner: estateRoleOf(account), id: 7 }]);
        await revokeRole(database, account, { kind: 'regular', roleName });
      },
      { admin },
    ));

  it('goes on after an interruption between any two steps', () =>
    withBackend(
      async ({ admin: database, account, provision, snapshot }) => {
        const roleName = await provision({ kind: 'master' });
        for (let failAt = 1; failAt <= 20; failAt += 1) {
          let calls = 0;
          const count = () => {
            calls += 1;
            if (calls === failAt) throw new Error('interrupted');
          };
          const interrupted: typeof database = {
            ...database,
            query: (text, values) => {
              count();
              return database.query(text, values);
            },
            alone: (work) =>
              database.alone((tx) =>
                work({
                  query: (text, values) => {
                    count();
                    return tx.query(text, values);
                  },
                }),
              ),
          };
          const attempt = revokeRole(interrupted, account, { kind: 'master', roleName });
          if (
            calls < failAt &&
            (await attempt.then(
              () => true,
              () => false,
            ))
          )
            break;
          await attempt.catch((error: Error) => expect(error.message).toBe('interrupted'));
        }
        await revokeRole(database, account, { kind: 'master', roleName });
        expect(await snapshot(roleName)).toEqual([]);
      },
      { admin },
    ));

  it('takes back whatever the account gave the key by hand', () =>
    withBackend(
      async ({ admin: database, account, provision, login, snapshot, superuser }) => {
        const [{ recent } = {}] = await superuser(
          `SELECT current_setting('server_version_num')::int >= 180000 AS recent`,
        );
        const master = await login(await provision({ kind: 'master' }));
        const roleName = await provision({ grants: ['select on public.roads'] });
        await provision({ kind: 'default_public' });
        for (const role of [roleName, publicRoleOf(account)]) {
          const grants = [
            'EXECUTE ON FUNCTIONS',
            'USAGE ON TYPES',
            'USAGE ON SCHEMAS',
            'SELECT ON TABLES',
            ...(recent ? ['SELECT ON LARGE OBJECTS'] : []),
          ];
          for (const grant of grants) {
            await master.query(`ALTER DEFAULT PRIVILEGES GRANT ${grant} TO "${role}"`);
          }
          await master.query(
            `ALTER DEFAULT PRIVILEGES IN SCHEMA gis GRANT EXECUTE ON FUNCTIONS TO "${role}"`,
          );
          await master.query(`CREATE FUNCTION gis.f_${role.at(-1)}() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
          await master.query(`GRANT CREATE ON DATABASE "${account.database}" TO "${role}"`);
        }
        await revokeRole(database, account, { kind: 'regular', roleName }, { graceMs: 0 });
        expect(await snapshot(roleName)).toEqual([]);
        await dropAccountAfterKeys(database, account, superuser);
        expect(await snapshot(publicRoleOf(account))).toEqual([]);
      },
      { admin },
    ));

  it('takes over what a master key created outside its owner role', () =>
    withBackend(
      async ({ admin: database, account, provision, login, superuser }) => {
        const roleName = await provision({ kind: 'master' });
        const key = await login(roleName);
        await key.query('SET ROLE NONE; CREATE TABLE gis.strayed (id int)');
        await revokeRole(database, account, { kind: 'master', roleName });
        expect(
          await superuser("SELECT tableowner::text AS owner FROM pg_tables WHERE tablename = 'strayed'"),
        ).toEqual([{ owner: account.ownerRole }]);
      },
      { admin },
    ));
});

it('rights that only others can take back are named, also those in other databases', () =>
  withBackend(
    async ({ admin, account, provision, superuser, snapshot }) =>
      withBackend(async (other) => {
        const roleName = await provision({});
        await superuser(
          `GRANT SELECT ON foreign_land.gold TO "${roleName}"`,
          `ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO "${roleName}"`,
        );
        await other.superuser(`GRANT SELECT ON foreign_land.gold TO "${roleName}"`);
        const revoke = () => revokeRole(admin, account, { kind: 'regular', roleName }, { graceMs: 0 });
        await expect(revoke()).rejects.toThrow('(table "foreign_land"."gold")');
        await superuser(`REVOKE SELECT ON foreign_land.gold FROM "${roleName}"`);
        await expect(revoke()).rejects.toThrow(
          `The role "${roleName}" has rights in other databases (${other.account.database}): run DROP OWNED BY`,
        );
        await other.superuser(`DROP OWNED BY "${roleName}"`);
        await revoke();
        expect(await snapshot(roleName)).toEqual([]);
      }),
    { admin: 'createrole' },
  ));

it('revoking the default_public key ends what is public', () =>
  withBackend(async ({ admin, account, provision, login, snapshot }) => {
    const regular = await login(await provision({}));
    const roleName = await provision({ kind: 'default_public', grants: ['select on public.roads'] });
    await regular.query('SELECT * FROM public.roads');
    await revokeRole(admin, account, { kind: 'default_public', roleName });
    await expect(regular.query('SELECT * FROM public.roads')).rejects.toMatchObject({ code: '42501' });
    expect(await snapshot(publicRoleOf(account))).toMatchObject([{ state: { relations: null } }]);
  }));

it('a role that is not the account’s is never dropped', () =>
  withBackend(async ({ admin, account, superuser }) => {
    const roleName = `${account.name}_other`;
    await superuser(`CREATE ROLE "${roleName}"`);
    await expect(revokeRole(admin, account, { kind: 'regular', roleName })).rejects.toThrow(
      'exists on the backend',
    );
    await expect(
      revokeRole(admin, account, { kind: 'regular', roleName: account.ownerRole }),
    ).rejects.toThrow('exists on the backend');
  }));
