import { describe, expect, it } from 'vitest';
import {
  changeAccount,
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  listAccounts,
  showAccount,
} from '../../src/control/accounts.ts';
import { addAddressRule, listAddressRules, removeAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { publicRoleOf } from '../../src/provision/account.ts';
import { listKeys } from '../../src/store/api-keys.ts';
import { listAudit } from '../../src/store/audit.ts';
import { withControl } from './control-fixture.ts';

const rule = (cidr: string) => ({ cidr, label: '', expiresAt: null });

describe('accounts', () => {
  it.each(['', 'Ann', '9lives', '-a', 'a b', 'a"; DROP ROLE x', 'ü', 'a'.repeat(41)])(
    'cannot be named %j',
    (name) =>
      withControl(async ({ context, account }) => {
        const { backend, database, ownerRole } = account;
        await expect(createAccount(context, { name, backend, database, ownerRole })).rejects.toThrow(
          'cannot be the name of an account',
        );
      }),
  );

  it('of the same name are refused before anything is touched on the backend', () =>
    withControl(async ({ context, account, backendDown }) => {
      const { name, backend, database, ownerRole } = account;
      await expect(createAccount(backendDown, { name, backend, database, ownerRole })).rejects.toThrow(
        `There is already an account named "${name}".`,
      );
      expect(await listAccounts(context)).toEqual([account]);
    }));

  it('that the backend cannot have are not recorded', () =>
    withControl(async ({ context, account, backendDown }) => {
      const request = { name: 'other', backend: 'b1', database: account.database, ownerRole: 'no_such_role' };
      await expect(createAccount(context, request)).rejects.toThrow('The role "no_such_role" does not exist');
      await expect(createAccount(backendDown, request)).rejects.toThrow('The backend "b1" did not do');
      expect(await listAccounts(context)).toEqual([account]);
    }));

  it('are disabled and enabled, each once in the audit', () =>
    withControl(async ({ context, account: { name } }) => {
      expect(await disableAccount(context, name)).toMatchObject({ status: 'disabled' });
      expect(await disableAccount(context, name)).toMatchObject({ status: 'disabled' });
      expect(await enableAccount(context, name)).toMatchObject({ status: 'active' });
      expect(await changeAccount(context, name, { maxSessions: 5 })).toMatchObject({ maxSessions: 5 });
      expect((await listAudit(context.store, { limit: 9 })).map(({ action }) => action)).toEqual([
        'account.change',
        'account.enable',
        'account.disable',
        'account.create',
      ]);
      await expect(changeAccount(context, name, { maxSessions: -1 })).rejects.toThrow(
        'a whole number from 0',
      );
      await expect(changeAccount(context, name, { databaseAliases: [''] })).rejects.toThrow(
        'cannot be another name',
      );
      await expect(enableAccount(context, 'nobody')).rejects.toThrow('There is no account named "nobody"');
    }));

  it('are deleted with all their roles, also after the backend was down, and their name is free again', () =>
    withControl(async ({ context, account, backend, backendDown, keyRoles }) => {
      for (const kind of ['master', 'default_public', 'regular'] as const) {
        await createKey(context, account.name, { name: kind, kind, grants: [], expiresAt: null });
      }
      await expect(deleteAccount(backendDown, account.name)).rejects.toThrow('ECONNREFUSED');
      expect(await showAccount(context, account.name)).toMatchObject({ status: 'disabled' });
      await deleteAccount(context, account.name);
      expect(await listAccounts(context)).toEqual([]);
      expect(await keyRoles()).toEqual([]);
      expect(await backend.snapshot(publicRoleOf(account))).toEqual([]);
      expect(await backend.superuser('SELECT name FROM public.roads')).toEqual([{ name: 'A1' }]);
      const { name, database, ownerRole } = account;
      await createAccount(context, { name, backend: 'b1', database, ownerRole });
    }));
});

it('deleting an account waits for a key that is being made, and takes it along', () =>
  withControl(async ({ context, account, keyRoles }) => {
    const request = { kind: 'regular' as const, grants: ['select on all in gis'], expiresAt: null };
    const making = Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => createKey(context, account.name, { ...request, name: `${i}` })),
    );
    await deleteAccount(context, account.name);
    for (const made of await making) {
      if (made.status === 'rejected')
        expect(String(made.reason)).toMatch(/disabled|no account named|role .* does not exist/);
    }
    const states = (await listKeys(context.store, account.id)).map(({ state }) => state);
    expect(states.filter((state) => state !== 'revoked')).toEqual([]);
    expect(await keyRoles()).toEqual([]);
  }));

describe('address rules', () => {
  it('are normalised, listed and removed by id or by any spelling', () =>
    withControl(async ({ context, account: { name } }) => {
      const added = await addAddressRule(context, name, { ...rule('203.0.113.77/24'), label: ' office ' });
      expect(added).toMatchObject({ cidr: '203.0.113.0/24', label: 'office', createdBy: 'test' });
      const other = await addAddressRule(context, name, rule('2001:DB8:0::1'));
      const withDots = await addAddressRule(context, name, rule('::102:304'));
      expect(await listAddressRules(context, name)).toEqual([added, other, withDots]);
      expect(await removeAddressRule(context, name, '::1.2.3.4')).toEqual(withDots);
      expect(await removeAddressRule(context, name, '203.0.113.9/24')).toEqual(added);
      expect(await removeAddressRule(context, name, other.id)).toEqual(other);
      expect(await listAddressRules(context, name)).toEqual([]);
      await expect(removeAddressRule(context, name, '203.0.113.9/24')).rejects.toThrow('has no address rule');
      await expect(removeAddressRule(context, name, 'nonsense')).rejects.toThrow('is not an address');
    }));

  it.each(['0.0.0.0/0', '::/0', '::ffff:0:0/96', '128.0.0.0/1', '8000::/1'])(
    '%s needs the permission of the account',
    (cidr) =>
      withControl(async ({ context, account: { name } }) => {
        await expect(addAddressRule(context, name, rule(cidr))).rejects.toThrow('means any address');
        await changeAccount(context, name, { anyAddressAllowed: true });
        await addAddressRule(context, name, rule(cidr));
      }),
  );

  it('are refused when they are nonsense, past, duplicates or somebody else’s', () =>
    withControl(async ({ context, account: { name } }) => {
      await addAddressRule(context, name, rule('10.0.0.0/8'));
      await expect(addAddressRule(context, name, rule('10.1.2.3/8'))).rejects.toThrow(
        'already has 10.0.0.0/8',
      );
      await expect(addAddressRule(context, name, rule('10.0.0.0/33'))).rejects.toThrow('is not an address');
      await expect(addAddressRule(context, 'nobody', rule('10.0.0.0/8'))).rejects.toThrow('no account named');
      const past = { ...rule('10.1.0.0/16'), expiresAt: new Date(0) };
      await expect(addAddressRule(context, name, past)).rejects.toThrow('is past');
      await expect(addAddressRule(context, name, { ...rule('10.2.0.0/16'), label: 'a\nb' })).rejects.toThrow(
        'control or invisible',
      );
    }));
});
