import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { disableAccount } from '../../src/control/accounts.ts';
import { createKey, listKeys, rotateKey } from '../../src/control/api-keys.ts';
import { listGrantable, setKeyGrants } from '../../src/control/key-grants.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { resealRoleSecrets } from '../../src/control/reseal.ts';
import { createSealer } from '../../src/control/seal.ts';
import { RequestError } from '../../src/errors.ts';
import { digestOf, hintOf, parseKeyText } from '../../src/policy/key-text.ts';
import { listAudit, verifyAudit } from '../../src/store/audit.ts';
import { loadSealedRoleSecret } from '../../src/store/role-secrets.ts';
import { deriveScramKeys } from '../../src/wire/scram-keys.ts';
import { loadAccounts } from '../support/policy.ts';
import { asRole, regular, withControl } from './control-fixture.ts';

it('a created key is known to the gate by digest and SCRAM keys, and its role can do what was granted', () =>
  withControl(async (control) => {
    const { context, account } = control;
    const { key, text } = await createKey(context, account.name, regular('QGIS', 'select on public.roads'));
    expect(parseKeyText(text)).toEqual({ kind: 'regular' });
    expect(key).toMatchObject({
      state: 'active',
      grantsApplied: true,
      hint: hintOf(text),
      createdBy: 'test',
    });
    expect(key.roleName).toMatch(new RegExp(`^postern_${account.name}_[0-9a-f]{12}$`));
    const [policy] = await loadAccounts(context.store);
    const known = policy?.keys[0];
    expect(known?.digest).toBe(digestOf(text));
    const salt = Buffer.from(policy?.scramSalt ?? '', 'base64');
    const scram = deriveScramKeys(text, salt, policy?.scramIterations ?? 0);
    expect(known?.scramStoredKey).toBe(scram.storedKey.toString('base64'));
    expect(known?.scramServerKey).toBe(scram.serverKey.toString('base64'));
    expect(await asRole(control, key.id, key.roleName, 'SELECT name FROM public.roads')).toEqual([
      { name: 'A1' },
    ]);
    expect(await listKeys(context, account.name)).toEqual([key]);
  }));

it.each(['superuser', 'createrole'] as const)('every kind of key works with a %s as admin', (admin) =>
  withControl(
    async (control) => {
      const { context, account } = control;
      for (const kind of ['master', 'default_public', 'regular'] as const) {
        const { key } = await createKey(context, account.name, {
          name: kind,
          kind,
          grants: [],
          expiresAt: null,
        });
        expect(await asRole(control, key.id, key.roleName, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
        expect(await revokeKey(context, account.name, kind, null)).toMatchObject({
          key: { state: 'revoked' },
        });
      }
      expect(await control.keyRoles()).toEqual([]);
    },
    { admin },
  ),
);

it('neither text nor password are anywhere in the store, and every change is in the audit', () =>
  withControl(async ({ context, account, sealer }) => {
    const { key, text } = await createKey(context, account.name, regular('k'));
    const password = sealer.open(await loadSealedRoleSecret(context.store, key.id), key.id);
    const rotated = await rotateKey(context, account.name, 'k');
    await setKeyGrants(context, account.name, 'k', ['select on gis.parks']);
    await revokeKey(context, account.name, 'k', 'leaked');
    const { rows } = await context.store.query<{ everything: string }>(
      `SELECT concat((SELECT json_agg(k)::text FROM postern.api_keys k),
                     (SELECT json_agg(e)::text FROM postern.audit_events e)) AS everything`,
    );
    for (const secret of [text, text.slice(6, 33), rotated.text.slice(6, 33), password]) {
      expect(rows[0]?.everything).not.toContain(secret);
    }
    const events = await listAudit(context.store, { limit: 10 });
    expect(events.map(({ action, target }) => [action, target]).reverse()).toEqual([
      ['account.create', account.name],
      ['key.create', `${account.name}/k`],
      ['key.rotate', `${account.name}/k`],
      ['key.grant', `${account.name}/k`],
      ['key.revoke', `${account.name}/k`],
    ]);
    expect(await verifyAudit(context.store)).toMatchObject({ kind: 'intact' });
  }));

it('changed grants are in force when the call returns', () =>
  withControl(async (control) => {
    const { context, account } = control;
    const { key } = await createKey(context, account.name, regular('k', 'select on public.roads'));
    expect(await setKeyGrants(context, account.name, 'k', ['select on gis.parks'])).toMatchObject({
      grantsApplied: true,
      grants: [{ kind: 'table', schema: 'gis', table: 'parks', permissions: ['select'] }],
    });
    await asRole(control, key.id, key.roleName, 'SELECT * FROM gis.parks');
    await expect(asRole(control, key.id, key.roleName, 'SELECT * FROM public.roads')).rejects.toMatchObject({
      code: '42501',
    });
  }));

it.each([
  ['an unknown grant', { grants: ['select on gis.nothing'] }, 'does not exist'],
  ['a grant that is no grant', { grants: ['drop on gis.parks'] }, 'is not understood'],
  [
    'a master key with grants',
    { kind: 'master' as const, grants: ['select on gis.parks'] },
    'takes no grants',
  ],
  [
    'a public key that creates',
    { kind: 'default_public' as const, grants: ['create in gis'] },
    'regular key',
  ],
  ['no name', { name: ' ' }, 'needs a name'],
  ['an invisible name', { name: 'a\u202eb' }, 'invisible characters'],
  ['a past expiry', { expiresAt: new Date(0) }, 'is past'],
  ['no date as expiry', { expiresAt: new Date(Number.NaN) }, 'is no date'],
])('%s is refused with nothing left behind', (_, wrong, sentence) =>
  withControl(async ({ context, account, keyRoles }) => {
    const attempt = createKey(context, account.name, { ...regular('k'), ...wrong });
    await expect(attempt).rejects.toThrow(RequestError);
    await expect(attempt).rejects.toThrow(sentence);
    expect(await listKeys(context, account.name)).toEqual([]);
    expect(await keyRoles()).toEqual([]);
  }),
);

it('refuses second keys of a name, second public keys, disabled accounts and unknown ones', () =>
  withControl(async ({ context, account, keyRoles }) => {
    const [, first] = [
      await createKey(context, account.name, { ...regular('public'), kind: 'default_public' }),
      await createKey(context, account.name, regular('k')),
    ];
    await expect(createKey(context, account.name, regular('k'))).rejects.toThrow(
      'already has an API key named "k"',
    );
    await expect(
      createKey(context, account.name, { ...regular('p'), kind: 'default_public' }),
    ).rejects.toThrow('already has a default public API key');
    expect(await keyRoles()).toHaveLength(2);
    await revokeKey(context, account.name, 'k', null);
    const second = await createKey(context, account.name, regular('k'));
    expect(second.key.id).not.toBe(first.key.id);
    await disableAccount(context, account.name);
    await expect(createKey(context, account.name, regular('l'))).rejects.toThrow('is disabled');
    await expect(createKey(context, 'nobody', regular('l'))).rejects.toThrow('no account named "nobody"');
    await expect(revokeKey(context, account.name, 'l', null)).rejects.toThrow('no API key named "l"');
  }));

it('a backend that fails while the key is made leaves no key and says what happened', () =>
  withControl(async ({ context, account, backend, keyRoles }) => {
    await backend.superuser(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'no grants today'; END $$; CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN tag IN ('GRANT') EXECUTE FUNCTION refuse()`);
    await expect(createKey(context, account.name, regular('k', 'select on gis.parks'))).rejects.toThrow(
      'The backend "b1" did not do what was asked: no grants today',
    );
    expect(await listKeys(context, account.name)).toMatchObject([{ state: 'revoked' }]);
    expect(await keyRoles()).toEqual([]);
  }));

it('passwords are sealed anew with a new sealing key, after which the old one can go', () =>
  withControl(async (control) => {
    const { context, account, sealingKey } = control;
    const { key } = await createKey(context, account.name, regular('k'));
    await createKey(context, account.name, regular('gone'));
    await revokeKey(context, account.name, 'gone', null);
    const newKey = { id: 'k2', key: randomBytes(32) };
    const both = createSealer([newKey, sealingKey]);
    expect(await resealRoleSecrets({ ...context, sealer: both })).toBe(1);
    expect(await resealRoleSecrets({ ...context, sealer: both })).toBe(0);
    const onlyNew = { ...control, sealer: createSealer([newKey]) };
    expect(await asRole(onlyNew, key.id, key.roleName, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  }));

it('what can be granted is listed for people to choose from', () =>
  withControl(async ({ context, account }) => {
    const names = (await listGrantable(context, account.name)).map(({ name, tables }) => [
      name,
      tables.length,
    ]);
    expect(names).toEqual([
      ['gis', 2],
      ['public', 2],
    ]);
  }));
