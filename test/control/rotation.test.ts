import { expect, it } from 'vitest';
import { createKey, rotateKey } from '../../src/control/api-keys.ts';
import { reconcile } from '../../src/control/reconcile.ts';
import { digestOf, hintOf } from '../../src/policy/key-text.ts';
import { loadSealedRoleSecret } from '../../src/store/role-secrets.ts';
import { loadAccounts } from '../support/policy.ts';
import { asRole, regular, withControl } from './control-fixture.ts';

it('a rotated key has another text and the same role, with another password', () =>
  withControl(async (control) => {
    const { context, account, sealer } = control;
    const before = await createKey(context, account.name, regular('k', 'select on public.roads'));
    const passwordOf = async () =>
      sealer.open(await loadSealedRoleSecret(context.store, before.key.id), before.key.id);
    const oldPassword = await passwordOf();
    const after = await rotateKey(context, account.name, 'k');
    expect(after).toMatchObject({ unfinished: null, key: { state: 'active', grantsApplied: true } });
    expect(after.text).not.toBe(before.text);
    expect(await passwordOf()).not.toBe(oldPassword);
    expect(after.key).toMatchObject({
      id: before.key.id,
      roleName: before.key.roleName,
      hint: hintOf(after.text),
    });
    expect((await loadAccounts(context.store))[0]?.keys[0]?.digest).toBe(digestOf(after.text));
    await asRole(control, after.key.id, after.key.roleName, 'SELECT name FROM public.roads');
  }));

it.each(['superuser', 'createrole'] as const)(
  'what the holder of a leaked key did to its role is gone once it is rotated (%s)',
  (admin) =>
    withControl(
      async (control) => {
        const { context, account, backend } = control;
        for (const kind of ['master', 'regular'] as const) {
          const { key } = await createKey(context, account.name, { ...regular(kind), kind });
          const before = await backend.snapshot(key.roleName);
          const holder = (sql: string) => asRole(control, key.id, key.roleName, sql);
          await holder("SET ROLE NONE; ALTER ROLE CURRENT_USER SET statement_timeout = '1ms'");
          await backend.superuser(
            `SET ROLE "${account.ownerRole}"`,
            `GRANT CREATE ON DATABASE "${account.database}" TO "${key.roleName}"`,
          );
          expect(await rotateKey(context, account.name, kind)).toMatchObject({ unfinished: null });
          expect(await backend.snapshot(key.roleName)).toEqual(before);
          expect(await holder('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
        }
      },
      { admin },
    ),
);

it('a key that is rotated while its backend is away is refused at once, and works after reconcile', () =>
  withControl(async (control) => {
    const { context, account, backendDown } = control;
    const before = await createKey(context, account.name, regular('k'));
    const after = await rotateKey(backendDown, account.name, 'k');
    expect(after).toMatchObject({
      key: { grantsApplied: false },
      unfinished: 'The backend "b1" did not do what was asked: connect ECONNREFUSED',
    });
    const digests = (await loadAccounts(context.store))[0]?.keys.map(({ digest }) => digest);
    expect(digests).toEqual([digestOf(after.text)]);
    const login = () => asRole(control, before.key.id, before.key.roleName, 'SELECT 1 AS one');
    await expect(login()).rejects.toMatchObject({ code: '28P01' });
    expect(await reconcile(context)).toMatchObject([{ outcome: 'grants-applied', problem: null }]);
    expect(await login()).toEqual([{ one: 1 }]);
  }));
