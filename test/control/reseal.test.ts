import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createKey } from '../../src/control/api-keys.ts';
import { listSealingKeyUse, resealRoleSecrets } from '../../src/control/reseal.ts';
import { createSealer } from '../../src/control/seal.ts';
import { listAudit } from '../../src/store/audit.ts';
import { regular, withControl } from './control-fixture.ts';

it('what does not open is counted, and keeps none of the others from being sealed anew', () =>
  withControl(async (control) => {
    const { context, account, sealingKey } = control;
    const lost = { id: 'k0', key: randomBytes(32) };
    await createKey({ ...context, seal: createSealer([lost]).seal }, account.name, regular('lost'));
    for (const name of ['a', 'b']) await createKey(context, account.name, regular(name));
    const next = { id: 'k2', key: randomBytes(32) };
    const changed = { ...context, sealer: createSealer([next, sealingKey]) };
    expect(await listSealingKeyUse(changed)).toEqual([
      { id: 'k2', use: 'seals', sealed: 0 },
      { id: 'k1', use: 'opens', sealed: 2 },
      { id: 'k0', use: 'not configured', sealed: 1 },
    ]);
    await expect(resealRoleSecrets(changed)).rejects.toThrow(
      '1 of 3 role passwords do not open, first of all: A text was sealed with the sealing key "k0", which is not configured.',
    );
    expect(await listSealingKeyUse(changed)).toMatchObject([{ sealed: 2 }, { sealed: 0 }, { sealed: 1 }]);
    expect(await listAudit(context.store, { limit: 1 })).toMatchObject([
      { action: 'sealing-key.rotate', target: 'k2', before: [{ id: 'k2' }, { id: 'k1' }, { id: 'k0' }] },
    ]);
  }));

it('gives way to another password that a key gets meanwhile', () =>
  withControl(async (control) => {
    const { context, account, sealingKey } = control;
    const { key } = await createKey(context, account.name, regular('a'));
    const sealer = createSealer([{ id: 'k2', key: randomBytes(32) }, sealingKey]);
    const another = context.seal('another password', key.id);
    // Between the listing and the change of this key somebody rotates it.
    const store = {
      ...context.store,
      query: async (text: string, values?: readonly unknown[]) => {
        if (text.includes('CASE role_secret_sealed')) {
          await context.store.query('UPDATE postern.api_keys SET role_secret_sealed = $1', [another]);
        }
        return context.store.query(text, values);
      },
    } as typeof context.store;
    await resealRoleSecrets({ ...context, store, sealer });
    const { rows } = await context.store.query('SELECT role_secret_sealed AS sealed FROM postern.api_keys');
    expect(rows).toEqual([{ sealed: another }]);
  }));
