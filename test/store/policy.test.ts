import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admittedUntil, compileAddresses } from '../../src/policy/addresses.ts';
import { parseAddress } from '../../src/policy/cidr.ts';
import { unpackAccount } from '../../src/policy/packed-account.ts';
import { updateAccount } from '../../src/store/accounts.ts';
import { deleteAddressRule, insertAddressRule } from '../../src/store/address-rules.ts';
import {
  beginRevokingKey,
  finishRevokingKey,
  replaceGrants,
  rotateKey,
} from '../../src/store/api-key-changes.ts';
import { revokeCertificate } from '../../src/store/certificates.ts';
import { stampLastUsed } from '../../src/store/last-used.ts';
import { loadAccountPolicy, loadChanges, loadPolicy } from '../../src/store/policy.ts';
import { loadAccounts } from '../support/policy.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { addAccount, addCertificate, addKey, dayMs, newKey } from './sample.ts';

describe('the policy as the gate reads it', () => {
  let store: TestStore;

  beforeAll(async () => {
    store = await createStore();
  });

  afterAll(() => store.drop());

  const changesSince = async (version: number) => loadChanges(store.gate, version);
  const currentVersion = async (): Promise<number> => (await loadPolicy(store.gate)).version;

  test('an account comes with its rules, certificates and keys as policy values', async () => {
    const expiresAt = new Date('2040-01-02T03:04:05.678Z');
    const account = await addAccount(store.console, {
      databaseAliases: ['maps', 'gis2'],
      clientAuthentication: 'password',
      maxSessions: 7,
    });
    await insertAddressRule(store.console, {
      accountId: account.id,
      cidr: '2001:db8::/32',
      label: 'office',
      expiresAt,
      createdBy: 'test',
    });
    const certificate = await addCertificate(store.console, account);
    const given = newKey(account.id, { expiresAt });
    const key = await addKey(store.console, account, given);

    const accounts = await loadAccounts(store.gate);
    const policy = accounts.find(({ id }) => id === account.id);

    expect(policy).toMatchObject({
      name: account.name,
      backend: 'main',
      database: 'gis',
      databaseAliases: ['maps', 'gis2'],
      enabled: true,
      clientCertificate: 'required',
      clientAuthentication: 'password',
      scramIterations: 4096,
      maxSessions: 7,
      unreadable: null,
      certificates: [
        {
          id: certificate.id,
          name: 'laptop',
          serial: certificate.serial,
          fingerprint: certificate.fingerprintSha256,
          notBefore: certificate.notBefore.getTime(),
          notAfter: certificate.notAfter.getTime(),
          revokedAt: null,
        },
      ],
      keys: [
        {
          id: key.id,
          name: 'reader',
          kind: 'regular',
          digest: given.digestSha256.toString('hex'),
          scramStoredKey: given.scramStoredKey.toString('base64'),
          scramServerKey: given.scramServerKey.toString('base64'),
          roleName: given.roleName,
          sealedRolePassword: given.roleSecretSealed,
          nextSealedRolePassword: null,
          expiresAt: expiresAt.getTime(),
          state: 'active',
        },
      ],
    });
    expect(Buffer.from(policy?.scramSalt ?? '', 'base64')).toHaveLength(16);
    expect(policy?.keys[0]).not.toHaveProperty('accountId');
    expect(await loadAccountPolicy(store.gate, account.id)).toEqual({
      ...policy,
      addressRules: [{ cidr: '2001:db8::/32', label: 'office', expiresAt: expiresAt.getTime() }],
    });
    const office = parseAddress('2001:db8::7');
    expect(policy && office && admittedUntil(policy.addresses, office)).toBe(expiresAt.getTime());
  });

  test('a revoked certificate stays as long as it can be shown, a long expired one does not', async () => {
    const account = await addAccount(store.console);
    const revoked = await addCertificate(store.console, account, { name: 'revoked' });
    await addCertificate(store.console, account, {
      name: 'ancient',
      notBefore: new Date(Date.now() - 500 * dayMs),
      notAfter: new Date(Date.now() - 100 * dayMs),
    });
    await revokeCertificate(store.console, revoked.id, 'lost');

    const accounts = await loadAccounts(store.gate);

    const certificates = accounts.find(({ id }) => id === account.id)?.certificates ?? [];
    expect(certificates.map(({ name, revokedAt }) => [name, typeof revokedAt])).toEqual([
      ['revoked', 'number'],
    ]);
  });

  test('every change of an account is a change since the version before it, and of no other account', async () => {
    const account = await addAccount(store.console);
    await addAccount(store.console);
    const rule = await insertAddressRule(store.console, {
      accountId: account.id,
      cidr: '192.0.2.0/24',
      label: '',
      expiresAt: null,
      createdBy: 'test',
    });
    const certificate = await addCertificate(store.console, account);
    const key = await addKey(store.console, account);
    const { digestSha256, scramStoredKey, scramServerKey } = newKey(account.id);
    const changes: (() => Promise<unknown>)[] = [
      () => updateAccount(store.console, account.id, { status: 'disabled' }),
      () => deleteAddressRule(store.console, account.id, rule.id),
      () => revokeCertificate(store.console, certificate.id, null),
      () => replaceGrants(store.console, key.id, []),
      () =>
        rotateKey(store.console, key.id, {
          digestSha256,
          scramStoredKey,
          scramServerKey,
          hint: 'wxyz',
          roleSecretSealed: 'sealed anew',
        }),
      () => beginRevokingKey(store.console, key.id, null),
      () => finishRevokingKey(store.console, key.id),
    ];
    for (const change of changes) {
      const before = await currentVersion();

      await change();

      const { version, changed, removed } = await changesSince(before);
      expect([version, changed.map(({ id }) => id), removed]).toEqual([before + 1, [account.id], []]);
    }
    const accounts = await loadAccounts(store.gate);
    expect(accounts.find(({ id }) => id === account.id)).toMatchObject({
      enabled: false,
      addresses: compileAddresses([]),
      keys: [],
    });
  });

  test('a deleted account is removed', async () => {
    const account = await addAccount(store.console);
    const before = await currentVersion();

    await updateAccount(store.console, account.id, { status: 'deleted' });

    expect(await changesSince(before)).toMatchObject({
      version: before + 1,
      changed: [],
      removed: [account.id],
    });
    expect(await loadAccountPolicy(store.gate, account.id)).toBeUndefined();
  });

  test('a transaction counts once, however much it changes', async () => {
    const before = await currentVersion();

    const account = await store.console.transaction(async (tx) => {
      const added = await addAccount(tx);
      for (const name of ['a', 'b', 'c']) {
        await addCertificate(tx, added, { name });
        await addKey(tx, added, { name });
      }
      return added;
    });

    const { version, changed } = await changesSince(before);
    expect(version).toBe(before + 1);
    const [now] = changed.map(unpackAccount);
    expect([now?.id, now?.certificates.length, now?.keys.length]).toEqual([account.id, 3, 3]);
    expect(changed).toHaveLength(1);
  });

  test('stamps of last use are no change, and never go back', async () => {
    const account = await addAccount(store.console);
    const certificate = await addCertificate(store.console, account);
    const key = await addKey(store.console, account);
    const before = await currentVersion();
    const at = Date.parse('2026-03-04T05:06:07.089Z');

    await stampLastUsed(store.gate, {
      certificates: new Map([[certificate.id, at]]),
      keys: new Map([[key.id, at]]),
    });
    await stampLastUsed(store.gate, { certificates: new Map([[certificate.id, at - 1]]), keys: new Map() });

    expect(await currentVersion()).toBe(before);
    const { rows } = await store.console.query(
      `SELECT c.last_used_at AS certificate, k.last_used_at AS key
       FROM postern.certificates c, postern.api_keys k WHERE c.id = $1 AND k.id = $2`,
      [certificate.id, key.id],
    );
    expect(rows).toEqual([{ certificate: new Date(at), key: new Date(at) }]);
  });

  test('a version from the future shows that the store was set back', async () => {
    const current = await currentVersion();

    expect((await changesSince(current + 100)).version).toBe(current);
  });

  test('whoever reads after a commit sees its version, though a slower writer began before', async () => {
    const slow = await addAccount(store.console);
    const quick = await addAccount(store.console);
    const before = await currentVersion();
    const began = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const slowWrite = store.console.transaction(async (tx) => {
      await updateAccount(tx, slow.id, { maxSessions: 1 });
      began.resolve();
      await mayCommit.promise;
    });
    await began.promise;

    await updateAccount(store.console, quick.id, { maxSessions: 1 });

    const first = await changesSince(before);
    expect(first.changed.map(({ id }) => id)).toEqual([quick.id]);
    mayCommit.resolve();
    await slowWrite;
    const second = await changesSince(first.version);
    expect(second.changed.map(({ id }) => id)).toEqual([slow.id]);
  });
});
