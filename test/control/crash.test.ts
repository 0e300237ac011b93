import { describe, expect, it } from 'vitest';
import { createKey, rotateKey } from '../../src/control/api-keys.ts';
import { setKeyGrants } from '../../src/control/key-grants.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { reconcile } from '../../src/control/reconcile.ts';
import { listKeys } from '../../src/store/api-keys.ts';
import { withKeyLock } from '../../src/store/locks.ts';
import { loadSealedRoleSecret } from '../../src/store/role-secrets.ts';
import { connectAsCustomer } from '../provision/backend-fixture.ts';
import { type ControlFixture, withControl } from './control-fixture.ts';

const request = (name: string) => ({
  name,
  kind: 'regular' as const,
  grants: ['select,insert on all in gis', 'create in gis', 'select on public.roads'],
  expiresAt: null,
});

/** Store and backend agree: every key is active with its role and its grants, or revoked without a role. */
async function expectConsistent({ context, account, keyRoles }: ControlFixture): Promise<void> {
  const keys = await listKeys(context.store, account.id);
  expect(keys.filter(({ state }) => state !== 'active' && state !== 'revoked')).toEqual([]);
  const active = keys.filter(({ state }) => state === 'active');
  expect(active.every(({ grantsApplied }) => grantsApplied)).toBe(true);
  expect(await keyRoles()).toEqual(active.map(({ roleName }) => roleName).sort());
}

describe('whatever the statement after which the process dies, reconcile makes store and backend agree:', () => {
  it('creating a key', () =>
    withControl(async (control) => {
      const { context, crashingAfter } = control;
      for (let statements = 0; ; statements += 1) {
        const crashing = crashingAfter(statements);
        const created = await createKey(crashing, control.account.name, request(`key ${statements}`)).catch(
          (error: Error) => expect(error.message).toMatch(/crashed|postern reconcile/),
        );
        if (!crashing.crashed()) {
          expect(created).toMatchObject({ key: { state: 'active' } });
          break;
        }
        const reports = await reconcile(context);
        expect(reports.every(({ outcome }) => outcome === 'rolled-back' || outcome === 'revoked')).toBe(true);
        await expectConsistent(control);
      }
      await expectConsistent(control);
      expect(await reconcile(context)).toEqual([]);
    }));

  it('revoking a key', () =>
    withControl(async (control) => {
      const { context, crashingAfter, account } = control;
      for (let statements = 0; ; statements += 1) {
        const name = `key ${statements}`;
        await createKey(context, account.name, request(name));
        const crashing = crashingAfter(statements);
        const revoked = await revokeKey(crashing, account.name, name, null).catch(() => null);
        if (!crashing.crashed()) {
          expect(revoked).toMatchObject({ key: { state: 'revoked' }, unfinished: null });
          break;
        }
        await reconcile(context);
        await expectConsistent(control);
      }
      await expectConsistent(control);
    }));

  it('rotating a key', () =>
    withControl(async (control) => {
      const { context, crashingAfter, account, backend, sealer } = control;
      const { key } = await createKey(context, account.name, request('key'));
      for (let statements = 0; ; statements += 1) {
        const crashing = crashingAfter(statements);
        const rotated = await rotateKey(crashing, account.name, 'key').catch(() => null);
        if (!crashing.crashed()) expect(rotated).toMatchObject({ unfinished: null });
        await reconcile(context);
        await expectConsistent(control);
        const url = new URL(backend.adminUrl);
        url.username = key.roleName;
        url.password = encodeURIComponent(
          sealer.open(await loadSealedRoleSecret(context.store, key.id), key.id),
        );
        await (await connectAsCustomer(url.href)).end();
        if (!crashing.crashed()) break;
      }
    }));

  it('changing grants', () =>
    withControl(async (control) => {
      const { context, crashingAfter, account, backend } = control;
      const { key } = await createKey(context, account.name, request('key'));
      const reach = async () =>
        (
          await backend.superuser(
            `SELECT has_table_privilege('${key.roleName}', 'public.roads', 'SELECT') AS roads,
                    has_table_privilege('${key.roleName}', 'gis.parks', 'SELECT') AS parks`,
          )
        )[0];
      for (let statements = 0; ; statements += 1) {
        const wanted = statements % 2 === 0 ? 'select on gis.parks' : 'select on public.roads';
        const before = await listKeys(context.store, account.id);
        const crashing = crashingAfter(statements);
        await setKeyGrants(crashing, account.name, 'key', [wanted]).catch(() => null);
        await reconcile(context);
        await expectConsistent(control);
        const [stored] = await listKeys(context.store, account.id);
        const expected = JSON.stringify(stored?.grants);
        expect(await reach()).toEqual({
          roads: expected.includes('roads'),
          parks:
            expected.includes('parks') ||
            expected.includes('schema","kind') ||
            expected.includes('"kind":"schema"'),
        });
        if (!crashing.crashed()) break;
        expect(before).toHaveLength(1);
      }
    }));
});

it('a key whose creation is under way is left alone', () =>
  withControl(async ({ context, account, crashingAfter, keyRoles }) => {
    // Dies after the key was recorded: from here on it looks like one that somebody is working on.
    let statements = 0;
    let [unfinished] = await listKeys(context.store, account.id);
    while (unfinished === undefined || unfinished.state !== 'provisioning') {
      await createKey(crashingAfter(statements), account.name, request(`key ${statements}`)).catch(
        () => null,
      );
      unfinished = (await listKeys(context.store, account.id)).at(-1);
      statements += 1;
    }
    await withKeyLock(context.store, unfinished.id, async () => {
      expect(await reconcile(context)).toMatchObject([{ outcome: 'in-progress', problem: null }]);
    });
    expect(await reconcile(context)).toMatchObject([{ outcome: 'rolled-back', account: account.name }]);
    expect(await keyRoles()).toEqual([]);
  }));

it('reconcile by two at once does everything once', () =>
  withControl(async (control) => {
    const { context, account, backendDown } = control;
    for (const name of ['a', 'b', 'c']) {
      await createKey(context, account.name, request(name));
      await revokeKey(backendDown, account.name, name, null);
    }
    await Promise.all([reconcile(context), reconcile(context)]);
    await reconcile(context);
    await expectConsistent(control);
  }));

it('a backend that is down is reported, and the key opens nothing meanwhile', () =>
  withControl(async ({ context, backendDown, account }) => {
    await createKey(context, account.name, request('key'));
    expect(await revokeKey(backendDown, account.name, 'key', 'leaked')).toMatchObject({
      key: { state: 'revoking', revokeReason: 'leaked' },
      unfinished: 'The backend "b1" did not do what was asked: connect ECONNREFUSED',
    });
    expect(await reconcile(backendDown)).toMatchObject([
      { outcome: 'failed', problem: expect.stringContaining('ECONNREFUSED') },
    ]);
    expect(await reconcile(context)).toMatchObject([{ outcome: 'revoked', problem: null }]);
  }));
