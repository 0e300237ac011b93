/**
 * What people name, found in the store, or the sentence that says it is not there.
 */

import { RequestError } from '../errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { type Account, findAccount } from '../store/accounts.ts';
import { findKey, findKeyById, type StoredKey } from '../store/api-keys.ts';
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

/** By name as people call it; by id where the name may meanwhile be another key's. */
export type KeyReference = string | { readonly id: string };

/** A key that is not revoked for good. @throws RequestError when there is none */
export async function existingKey(
  store: Queryable,
  account: Account,
  reference: KeyReference,
): Promise<StoredKey> {
  const byName = typeof reference === 'string';
  const key = byName ? await findKey(store, account.id, reference) : await findKeyById(store, reference.id);
  if (key === undefined || key.accountId !== account.id || key.state === 'revoked') {
    const wanted = byName
      ? `named ${JSON.stringify(reference)}`
      : `with the id ${JSON.stringify(reference.id)}`;
    throw new RequestError(`The account "${account.name}" has no API key ${wanted}.`);
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
