/**
 * Rows to start tests from: valid, unique, and no more than the test asks for.
 */

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Queryable } from '../../src/postgres/query.ts';
import { type Account, insertAccount, type NewAccount } from '../../src/store/accounts.ts';
import { activateKey } from '../../src/store/api-key-changes.ts';
import { insertKey, type NewKey, type StoredKey } from '../../src/store/api-keys.ts';
import {
  insertCertificate,
  type NewCertificate,
  type StoredCertificate,
} from '../../src/store/certificates.ts';
import { uniqueName } from '../support/postgres.ts';

export const dayMs = 86_400_000;

export const newAccount = (given: Partial<NewAccount> = {}): NewAccount => ({
  name: uniqueName('account'),
  backend: 'main',
  database: 'gis',
  ownerRole: 'owner',
  scramSalt: randomBytes(16),
  scramIterations: 4096,
  ...given,
});

export const addAccount = (store: Queryable, given: Partial<NewAccount> = {}): Promise<Account> =>
  insertAccount(store, newAccount(given));

export const newCertificate = (accountId: string, given: Partial<NewCertificate> = {}): NewCertificate => ({
  accountId,
  name: 'laptop',
  serial: randomBytes(16).toString('hex'),
  fingerprintSha256: randomBytes(32).toString('hex'),
  issuedFrom: 'key',
  notBefore: new Date(Date.now() - dayMs),
  notAfter: new Date(Date.now() + dayMs),
  createdBy: 'test',
  issuerSha256: 'c'.repeat(64),
  trustedCasSha256: ['5'.repeat(64)],
  ...given,
});

export const addCertificate = (
  store: Queryable,
  { id, name }: Account,
  given: Partial<NewCertificate> = {},
): Promise<StoredCertificate> => insertCertificate(store, name, newCertificate(id, given));

export const newKey = (accountId: string, given: Partial<NewKey> = {}): NewKey => ({
  id: randomUUID(),
  accountId,
  name: 'reader',
  kind: 'regular',
  digestSha256: createHash('sha256').update(randomUUID()).digest(),
  scramStoredKey: randomBytes(32),
  scramServerKey: randomBytes(32),
  hint: 'abcd',
  roleName: uniqueName('postern'),
  roleSecretSealed: 'v1.k1.sealed',
  grants: [{ kind: 'table', schema: 'public', table: 'roads', permissions: ['select'] }],
  expiresAt: null,
  createdBy: 'test',
  ...given,
});

/** An active key. */
export const addKey = async (
  store: Queryable,
  { id, name }: Account,
  given: Partial<NewKey> = {},
): Promise<StoredKey> => {
  const inserted = await insertKey(store, name, newKey(id, given));
  return (await activateKey(store, inserted.id)) ?? inserted;
};
