import { describe, expect, it } from 'vitest';
import { publicRoleOf } from '../../src/provision/account.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { type AdminKind, withBackend } from './backend-fixture.ts';

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
        ).toEqual([{ owner: account.ownerRole, id: 7 }]);
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
            transaction: (work, mode) =>
              database.transaction(
                (tx) =>
                  work({
                    query: (text, values) => {
                      count();
                      return tx.query(text, values);
                    },
                  }),
                mode,
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
