/**
 * What people name, found in the store, or the sentence that says it is not there.
 */

import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { type Account, findAccount } from '../store/accounts.ts';
import { findKey, type StoredKey } from '../store/api-keys.ts';
import { findCertificate, type StoredCertificate } from '../store/certificates.ts';

/** @throws RequestError when there is none */
export async function existingAccount(store: Queryable, name: string): Promise<Account> {
  const account = await findAccount(store, name);
  if (account === undefined) {
    throw new RequestError(
      `There is no account named ${JSON.stringify(name)}: \`postern account list\` shows all.`,
    );
  }
  return account;
}

/** @throws RequestError when there is none, or it is disabled */
export async function enabledAccount(store: Queryable, name: string): Promise<Account> {
  const account = await existingAccount(store, name);
  if (account.status !== 'active') {
    throw new RequestError(`The account "${account.name}" is disabled: enable it first.`);
  }
  return account;
}

/** A key that is not revoked for good. @throws RequestError when there is none */
export async function existingKey(store: Queryable, account: Account, name: string): Promise<StoredKey> {
  const key = await findKey(store, account.id, name);
  if (key === undefined) {
    throw new RequestError(`The account "${account.name}" has no API key named ${JSON.stringify(name)}.`);
  }
  return key;
}

/** Also a revoked or expired one. @throws RequestError when there is none */
export async function existingCertificate(
  store: Queryable,
  account: Account,
  name: string,
): Promise<StoredCertificate> {
  const certificate = await findCertificate(store, account.id, name);
  if (certificate === undefined) {
    throw new RequestError(`The account "${account.name}" has no certificate named ${JSON.stringify(name)}.`);
  }
  return certificate;
}
