import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKey, rotateKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { resealRoleSecrets } from '../../src/control/reseal.ts';
import { planRolePasswords, rotateRolePasswords } from '../../src/control/role-passwords.ts';
import { createSealer } from '../../src/control/seal.ts';
import { listAudit } from '../../src/store/audit.ts';
import { connectAsCustomer } from '../provision/backend-fixture.ts';
import { loadAccounts } from '../support/policy.ts';
import { type ControlFixture, regular, withControl } from './control-fixture.ts';

const request = (olderThanMs = 0) => ({
  // The store has no finer times than milliseconds.
  setBefore: new Date(Date.now() - olderThanMs + 1),
  maxStalenessMs: 86_400_000,
  force: false,
});

const keysOf = async ({ context }: ControlFixture) => (await loadAccounts(context.store))[0]?.keys ?? [];

const logIn = async ({ backend }: ControlFixture, roleName: string, password: string): Promise<boolean> => {
  const url = new URL(backend.adminUrl);
  url.username = encodeURIComponent(roleName);
  url.password = encodeURIComponent(password);
  try {
    await (await connectAsCustomer(url.href)).end();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: '28P01' });
    return false;
  }
};

/** By key: with which of the passwords that a gate knows the backend accepts its role. */
const acceptedPasswords = async (control: ControlFixture) => {
  const accepted: string[][] = [];
  for (const { id, roleName, sealedRolePassword, nextSealedRolePassword } of await keysOf(control)) {
    const known = [sealedRolePassword, ...(nextSealedRolePassword ? [nextSealedRolePassword] : [])];
    const passwords = known.map((sealed) => control.sealer.open(sealed, id));
    const verdicts = await Promise.all(passwords.map((password) => logIn(control, roleName, password)));
    accepted.push(passwords.filter((_, index) => verdicts[index]));
  }
  return accepted;
};

const passwordsOf = async (control: ControlFixture): Promise<string[]> =>
  (await keysOf(control)).map(({ id, sealedRolePassword }) => control.sealer.open(sealedRolePassword, id));

describe('another password for every role', () => {
  it('is on the backend, in the store and in the audit afterwards, and nowhere in clear', () =>
    withControl(async (control) => {
      const { context, account } = control;
      for (const name of ['a', 'b']) await createKey(context, account.name, regular(name));
      await createKey(context, account.name, regular('gone'));
      await revokeKey(context, account.name, 'gone', null);
      const before = await passwordsOf(control);
      const seen: [number, number][] = [];
      expect(await rotateRolePasswords(context, request(), (...at) => seen.push(at))).toEqual([
        { account: account.name, key: 'a', backend: 'b1', problem: null },
        { account: account.name, key: 'b', backend: 'b1', problem: null },
      ]);
      expect(seen).toEqual([
        [1, 2],
        [2, 2],
      ]);
      const after = await passwordsOf(control);
      expect(after).toHaveLength(2);
      expect(new Set([...before, ...after]).size).toBe(4);
      expect(await acceptedPasswords(control)).toEqual(after.map((password) => [password]));
      const audited = await listAudit(context.store, { limit: 10 });
      const rotations = audited.filter(({ action }) => action === 'key.rotate-role-password');
      expect(rotations.map(({ target }) => target)).toEqual([`${account.name}/b`, `${account.name}/a`]);
      for (const password of [...before, ...after]) expect(JSON.stringify(audited)).not.toContain(password);
    }));

  it(
    'comes whatever the statement after which the process dies, and until then one that gates know opens',
    () =>
      withControl(async (control) => {
        const { context, crashingAfter, account } = control;
        for (const name of ['a', 'b']) await createKey(context, account.name, regular(name));
        for (let statements = 0; ; statements += 1) {
          const before = await passwordsOf(control);
          const whole = request();
          const crashing = crashingAfter(statements);
          await rotateRolePasswords(crashing, whole).catch((error: Error) =>
            expect(error.message).toContain('crashed'),
          );
          for (const accepted of await acceptedPasswords(control)) expect(accepted).toHaveLength(1);
          // What was asked for before the crash, so that what is done already stays as it is.
          await rotateRolePasswords(context, whole);
          const after = await passwordsOf(control);
          expect(after.filter((password) => before.includes(password))).toEqual([]);
          expect(await acceptedPasswords(control)).toEqual(after.map((password) => [password]));
          expect((await planRolePasswords(context, request(60_000))).keys).toEqual([]);
          if (!crashing.crashed()) break;
        }
      }),
    60_000,
  );

  it('leaves those that are young enough, but for what was interrupted', () =>
    withControl(async (control) => {
      const { context, account, backendDown } = control;
      for (const name of ['a', 'b']) await createKey(context, account.name, regular(name));
      expect(await rotateRolePasswords(context, request(3_600_000))).toEqual([]);
      const problem = 'The backend "b1" did not do what was asked: connect ECONNREFUSED';
      expect(await rotateRolePasswords(backendDown, request())).toMatchObject([{ problem }, { problem }]);
      const { keys } = await planRolePasswords(context, request(3_600_000));
      expect(keys).toMatchObject([
        { key: 'a', announced: true },
        { key: 'b', announced: true },
      ]);
      const announced = (await keysOf(control)).map(({ nextSealedRolePassword }) => nextSealedRolePassword);
      expect(await rotateRolePasswords(context, request(3_600_000))).toHaveLength(2);
      const now = (await keysOf(control)).map(({ sealedRolePassword }) => sealedRolePassword);
      expect(now).toEqual(announced);
    }));

  it('that was announced is sealed anew with the rest, and forgotten when its key is rotated', () =>
    withControl(async (control) => {
      const { context, account, sealingKey, backendDown } = control;
      await createKey(context, account.name, regular('a'));
      await rotateRolePasswords(backendDown, request());
      const next = { id: 'k2', key: Buffer.alloc(32, 7) };
      const sealer = createSealer([next, sealingKey]);
      expect(await resealRoleSecrets({ ...context, sealer })).toBe(2);
      const resealed = { ...context, sealer: createSealer([next]), seal: sealer.seal };
      expect(await rotateRolePasswords(resealed, request(3_600_000))).toMatchObject([{ problem: null }]);

      await rotateRolePasswords({ ...backendDown, ...{ sealer, seal: sealer.seal } }, request());
      await rotateKey(resealed, account.name, 'a');
      expect(await keysOf(control)).toMatchObject([{ nextSealedRolePassword: null }]);
      expect((await planRolePasswords(context, request(3_600_000))).keys).toEqual([]);
    }));

  it('is said to be missing for a role that somebody has dropped, and the others get theirs', () =>
    withControl(async (control) => {
      const { context, account, backend } = control;
      const { key } = await createKey(context, account.name, regular('a'));
      await createKey(context, account.name, regular('b'));
      await backend.superuser(`DROP ROLE "${key.roleName}"`);
      expect(await rotateRolePasswords(context, request())).toEqual([
        expect.objectContaining({ key: 'a', problem: expect.stringContaining('postern reconcile') }),
        expect.objectContaining({ key: 'b', problem: null }),
      ]);
    }));
});

describe('a gate', () => {
  const addInstance = ({ ownedStore }: ControlFixture, silentSeconds: number, policyVersion: number | null) =>
    ownedStore.query(
      `INSERT INTO postern.instances (id, address, version, started_at, heartbeat_at, policy_version)
       VALUES ($1, '10.0.0.9:6432', '1', now(), now() - $2 * interval '1 second', $3)`,
      [randomUUID(), silentSeconds, policyVersion],
    );

  it('that is silent keeps the rotation from beginning, unless it is said to be gone', () =>
    withControl(async (control) => {
      const { context, account } = control;
      await createKey(context, account.name, regular('a'));
      await addInstance(control, 60, 1);
      const before = await keysOf(control);
      await expect(rotateRolePasswords(context, request())).rejects.toThrow(
        'The gate at 10.0.0.9:6432 has not been heard of',
      );
      expect(await keysOf(control)).toEqual(before);
      expect(await rotateRolePasswords(context, { ...request(), force: true })).toMatchObject([
        { problem: null },
      ]);
    }));

  it('that is silent for longer than it may admit anybody is not waited for', () =>
    withControl(async (control) => {
      const { context, account } = control;
      await createKey(context, account.name, regular('a'));
      await addInstance(control, 86_500, 1);
      expect(await rotateRolePasswords(context, request())).toMatchObject([{ problem: null }]);
    }));

  it('hears of the new password before any backend gets it', () =>
    withControl(async (control) => {
      const { context, account, ownedStore } = control;
      await createKey(context, account.name, regular('a'));
      await addInstance(control, 0, null);
      const [before] = await passwordsOf(control);
      const rotating = rotateRolePasswords(context, request());
      const isAnnounced = async () => (await keysOf(control))[0]?.nextSealedRolePassword !== null;
      await expect.poll(isAnnounced, { timeout: 5_000 }).toBe(true);
      expect(await acceptedPasswords(control)).toEqual([[before]]);
      await ownedStore.query('UPDATE postern.instances SET policy_version = 1000');
      expect(await rotating).toMatchObject([{ problem: null }]);
    }));
});
