import { expect, it } from 'vitest';
import { createKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { repairKey, repairRoles } from '../../src/control/repair.ts';
import { asRole, regular, withControl } from './control-fixture.ts';

it('roles that were changed or dropped on the backend are repaired', () =>
  withControl(async (control) => {
    const { context, account, backend, backendDown } = control;
    const changed = (await createKey(context, account.name, regular('changed', 'select on public.roads')))
      .key;
    const dropped = (await createKey(context, account.name, regular('dropped', 'select on public.roads')))
      .key;
    const master = { name: 'master', kind: 'master' as const, grants: [], expiresAt: null };
    const { key: owner } = await createKey(context, account.name, master);
    await asRole(control, owner.id, owner.roleName, `SET ROLE NONE; ALTER ROLE CURRENT_USER RESET role`);
    await backend.superuser(
      `GRANT SELECT ON public.secrets TO ${changed.roleName}`,
      `DROP OWNED BY ${dropped.roleName}`,
      `DROP ROLE ${dropped.roleName}`,
    );
    await asRole(control, changed.id, changed.roleName, `ALTER ROLE CURRENT_USER PASSWORD 'mine'`);
    const roads = 'SELECT name FROM public.roads';
    for (const key of [changed, dropped]) {
      await expect(asRole(control, key.id, key.roleName, roads)).rejects.toMatchObject({ code: '28P01' });
    }
    expect(await repairRoles(context)).toEqual(
      [null, 'changed', 'dropped', 'master'].map((key) => ({ account: account.name, key, problem: null })),
    );
    for (const key of [changed, dropped]) {
      expect(await asRole(control, key.id, key.roleName, roads)).toEqual([{ name: 'A1' }]);
      await expect(asRole(control, key.id, key.roleName, 'TABLE public.secrets')).rejects.toMatchObject({
        code: '42501',
      });
    }
    expect(await asRole(control, owner.id, owner.roleName, 'SELECT current_user::text AS me')).toEqual([
      { me: account.ownerRole },
    ]);
    expect(await repairRoles(backendDown)).toMatchObject([
      { account: account.name, key: null, problem: expect.stringContaining('ECONNREFUSED') },
    ]);
  }));

it.each(['superuser', 'createrole'] as const)(
  'the role of one key is repaired by itself, with what it needs (%s)',
  (admin) =>
    withControl(
      async (control) => {
        const { context, account, backend, backendDown } = control;
        const { key } = await createKey(context, account.name, regular('k', 'select on public.roads'));
        const other = (await createKey(context, account.name, regular('other'))).key;
        const login = (who: typeof key) => asRole(control, who.id, who.roleName, 'SELECT 1 AS one');
        for (const each of [key, other]) {
          await asRole(control, each.id, each.roleName, "ALTER ROLE CURRENT_USER PASSWORD 'mine'");
          await expect(login(each)).rejects.toMatchObject({ code: '28P01' });
        }
        await backend.superuser(
          `REVOKE CONNECT ON DATABASE "${account.database}" FROM "${account.publicRole}"`,
        );
        await repairKey(context, key.id);
        expect(await login(key)).toEqual([{ one: 1 }]);
        await expect(login(other)).rejects.toMatchObject({ code: '28P01' });
        await expect(repairKey(backendDown, key.id)).rejects.toThrow('ECONNREFUSED');
        await revokeKey(context, account.name, 'other', null);
        await repairKey(context, other.id);
        expect(await control.keyRoles()).toEqual([key.roleName]);
      },
      { admin },
    ),
);

it('a role that the admin cannot put right is reported, and the others are repaired', () =>
  withControl(
    async ({ context, account, backend }) => {
      const [one, two] = [
        (await createKey(context, account.name, regular('one', 'create in gis'))).key,
        (await createKey(context, account.name, regular('two', 'create in gis'))).key,
      ];
      const before = await backend.snapshot(two.roleName);
      await backend.superuser(
        `ALTER ROLE "${one.roleName}" BYPASSRLS`,
        `ALTER ROLE "${two.roleName}" NOINHERIT`,
      );
      expect(await repairRoles(context)).toMatchObject([
        { key: null, problem: null },
        { key: 'one', problem: expect.stringContaining('NOBYPASSRLS as superuser') },
        { key: 'two', problem: null },
      ]);
      expect(await backend.snapshot(two.roleName)).toEqual(before);
    },
    { admin: 'createrole' },
  ));
