import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import {
  findAccount,
  findAccountById,
  listAccounts,
  loadScramParameters,
  updateAccount,
} from '../../src/store/accounts.ts';
import {
  deleteAddressRule,
  insertAddressRule,
  listAddressRules,
  updateAddressRule,
} from '../../src/store/address-rules.ts';
import {
  activateKey,
  beginRevokingKey,
  finishRevokingKey,
  markGrantsApplied,
  replaceGrants,
} from '../../src/store/api-key-changes.ts';
import { findKey, findKeyById, insertKey, listKeys, listUnfinishedKeys } from '../../src/store/api-keys.ts';
import { findCertificate, listCertificates, revokeCertificate } from '../../src/store/certificates.ts';
import { loadSealedRoleSecret, replaceSealedRoleSecret } from '../../src/store/role-secrets.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { addAccount, addCertificate, addKey, newAccount, newKey } from './sample.ts';

describe('what control asks of the store', () => {
  let store: TestStore;

  beforeAll(async () => {
    store = await createStore();
  });

  afterAll(() => store.drop());

  test('an account is found by name and listed, with defaults and without its salt', async () => {
    const given = newAccount({ name: 'demo' });
    const account = await addAccount(store.console, given);

    expect(account).toEqual({
      id: expect.any(String),
      name: 'demo',
      backend: 'main',
      database: 'gis',
      databaseAliases: [],
      ownerRole: 'owner',
      publicRole: null,
      status: 'active',
      clientCertificate: 'required',
      clientAuthentication: null,
      maxSessions: null,
      anyAddressAllowed: false,
      createdAt: expect.any(Date),
    });
    expect(await findAccount(store.console, 'demo')).toEqual(account);
    expect(await findAccountById(store.console, account.id)).toEqual(account);
    expect(await listAccounts(store.console)).toContainEqual(account);
    expect(await loadScramParameters(store.console, account.id)).toEqual({
      scramSalt: given.scramSalt,
      scramIterations: 4096,
    });
    await expect(addAccount(store.console, { name: 'demo' })).rejects.toThrow(
      new RequestError('There is already an account named "demo".'),
    );
  });

  test('an update changes what is given, also to null, and nothing else', async () => {
    const account = await addAccount(store.console, { maxSessions: 3, databaseAliases: ['a'] });

    const changed = await updateAccount(store.console, account.id, {
      maxSessions: null,
      databaseAliases: ['x', 'y"z'],
      publicRole: 'everyone',
      clientAuthentication: 'password',
    });
    const again = await updateAccount(store.console, account.id, {
      anyAddressAllowed: true,
      clientAuthentication: null,
      clientCertificate: 'optional',
    });

    const expected = {
      ...account,
      maxSessions: null,
      databaseAliases: ['x', 'y"z'],
      publicRole: 'everyone',
    };
    expect(changed).toEqual({ ...expected, clientAuthentication: 'password' });
    expect(again).toEqual({ ...expected, anyAddressAllowed: true, clientCertificate: 'optional' });
  });

  test('the name of a deleted account is free again, and it cannot be changed any more', async () => {
    const account = await addAccount(store.console, { name: 'gone' });
    await updateAccount(store.console, account.id, { status: 'deleted' });

    expect(await findAccount(store.console, 'gone')).toBeUndefined();
    expect(await updateAccount(store.console, account.id, { status: 'active' })).toBeUndefined();
    expect((await findAccountById(store.console, account.id))?.status).toBe('deleted');
    expect((await addAccount(store.console, { name: 'gone' })).id).not.toBe(account.id);
  });

  test('address rules: one per CIDR, changed and removed only through their own account', async () => {
    const account = await addAccount(store.console);
    const other = await addAccount(store.console);
    const given = {
      accountId: account.id,
      cidr: '203.0.113.0/24',
      label: 'Office, 2nd floor',
      expiresAt: null,
      createdBy: 'operator',
    };
    const rule = await insertAddressRule(store.console, given);

    expect(rule).toEqual({ ...given, id: expect.any(String), createdAt: expect.any(Date) });
    await expect(insertAddressRule(store.console, given)).rejects.toThrow(
      new RequestError("The account's allowlist already has 203.0.113.0/24."),
    );
    const expiresAt = new Date('2040-01-01T00:00:00.123Z');
    const change = { accountId: account.id, id: rule.id, label: 'Office', expiresAt };
    expect(await updateAddressRule(store.console, { ...change, accountId: other.id })).toBeUndefined();
    expect(await updateAddressRule(store.console, change)).toEqual({ ...rule, label: 'Office', expiresAt });
    expect(await deleteAddressRule(store.console, other.id, rule.id)).toBeUndefined();
    expect(await deleteAddressRule(store.console, account.id, rule.id)).toMatchObject({ id: rule.id });
    expect(await listAddressRules(store.console, account.id)).toEqual([]);
  });

  test('a certificate name is used once per account, even after revoking', async () => {
    const account = await addAccount(store.console, { name: 'rivers' });
    const certificate = await addCertificate(store.console, account);

    const revoked = await revokeCertificate(store.console, certificate.id, 'laptop stolen');

    expect(revoked).toMatchObject({ revokedAt: expect.any(Date), revokeReason: 'laptop stolen' });
    expect(await revokeCertificate(store.console, certificate.id, 'again')).toBeUndefined();
    expect(await findCertificate(store.console, account.id, 'laptop')).toEqual(revoked);
    expect(await listCertificates(store.console, account.id)).toEqual([revoked]);
    await expect(addCertificate(store.console, account)).rejects.toThrow(
      new RequestError('The account "rivers" already has a certificate named "laptop".'),
    );
  });

  test('a key walks through its states and never back', async () => {
    const account = await addAccount(store.console);
    const given = newKey(account.id);
    const key = await insertKey(store.console, account.name, given);
    const stateNow = async () => (await findKeyById(store.console, key.id))?.state;

    expect(key).toMatchObject({ state: 'provisioning', grantsApplied: false, grants: given.grants });
    expect(await finishRevokingKey(store.console, key.id)).toBeUndefined();
    expect(await activateKey(store.console, key.id)).toMatchObject({ state: 'active', grantsApplied: true });
    expect(await activateKey(store.console, key.id)).toBeUndefined();
    expect(await beginRevokingKey(store.console, key.id, 'leaked')).toMatchObject({
      state: 'revoking',
      revokedAt: expect.any(Date),
      revokeReason: 'leaked',
    });
    expect(await beginRevokingKey(store.console, key.id, null)).toBeUndefined();
    expect(await replaceGrants(store.console, key.id, [])).toBeUndefined();
    expect(await stateNow()).toBe('revoking');
    expect(await finishRevokingKey(store.console, key.id)).toMatchObject({ state: 'revoked' });
    expect(await activateKey(store.console, key.id)).toBeUndefined();
    expect(await stateNow()).toBe('revoked');
  });

  test('key names and the default public key are unique among keys that are not revoked', async () => {
    const account = await addAccount(store.console, { name: 'lakes' });
    const key = await addKey(store.console, account, { name: 'open', kind: 'default_public' });

    await expect(addKey(store.console, account, { name: 'open' })).rejects.toThrow(
      new RequestError('The account "lakes" already has an API key named "open".'),
    );
    await expect(addKey(store.console, account, { kind: 'default_public' })).rejects.toThrow(
      new RequestError('The account "lakes" already has a default public API key.'),
    );
    await beginRevokingKey(store.console, key.id, null);
    await expect(addKey(store.console, account, { name: 'open' })).rejects.toThrow(RequestError);
    await finishRevokingKey(store.console, key.id);
    const second = await addKey(store.console, account, { name: 'open', kind: 'default_public' });

    expect(await findKey(store.console, account.id, 'open')).toEqual(second);
    expect((await listKeys(store.console, account.id)).map(({ id }) => id)).toEqual([key.id, second.id]);
  });

  test('grants count as applied only if they are still the ones that were asked for', async () => {
    const account = await addAccount(store.console);
    const key = await addKey(store.console, account);
    const first = [{ kind: 'create', schema: 'staging' }] as const;
    const second = [{ kind: 'schema', schema: 'gis', permissions: ['select'] }] as const;

    await replaceGrants(store.console, key.id, first);
    await replaceGrants(store.console, key.id, second);

    expect(await markGrantsApplied(store.console, key.id, first)).toBeUndefined();
    expect(await markGrantsApplied(store.console, key.id, second)).toMatchObject({
      grants: second,
      grantsApplied: true,
    });
  });

  test('what was left half-done is listed for reconciling', async () => {
    const account = await addAccount(store.console);
    const provisioning = await insertKey(store.console, account.name, newKey(account.id, { name: 'a' }));
    const revoking = await addKey(store.console, account, { name: 'b' });
    const changed = await addKey(store.console, account, { name: 'c' });
    await addKey(store.console, account, { name: 'd' });
    await beginRevokingKey(store.console, revoking.id, null);
    await replaceGrants(store.console, changed.id, []);

    const unfinished = (await listUnfinishedKeys(store.console)).filter(
      ({ accountId }) => accountId === account.id,
    );

    expect(unfinished.map(({ id }) => id)).toEqual([provisioning.id, revoking.id, changed.id]);
  });

  test('the sealed password of a scoped role is read and replaced apart from lists', async () => {
    const account = await addAccount(store.console);
    const key = await addKey(store.console, account);

    expect(await loadSealedRoleSecret(store.console, key.id)).toBe('v1.k1.sealed');
    await replaceSealedRoleSecret(store.console, { id: key.id, sealed: 'v1.k1.other' }, 'v1.k2.other');
    await replaceSealedRoleSecret(store.console, { id: key.id, sealed: 'v1.k1.sealed' }, 'v1.k2.sealed');
    expect(await loadSealedRoleSecret(store.console, key.id)).toBe('v1.k2.sealed');
    expect(JSON.stringify(await listKeys(store.console, account.id))).not.toContain('sealed');
  });
});
