/**
 * Attempts as people read them: with the names of certificate and key, and the reason as a sentence. Also a revoked
 * certificate or key keeps its name here.
 */

import { failureOf, failures, titleOf } from '../failures.ts';
import type { Queryable } from '../postgres/query.ts';
import type { Account } from '../store/accounts.ts';
import { listKeys } from '../store/api-keys.ts';
import { type Attempt, type AttemptPage, listAttempts as listStored } from '../store/attempts.ts';
import { listCertificates } from '../store/certificates.ts';
import type { StoreContext } from './context.ts';
import { existingAccount } from './existing.ts';

export interface ToldAttempt extends Attempt {
  readonly certificate: string | null;
  readonly key: string | null;
  /** Why it was refused or what ended it, one sentence; null: no reason, or one that is not known here. */
  readonly title: string | null;
  /** What to do about it. */
  readonly hint: string | null;
}

/** Newest first. @throws RequestError when there is no such account */
export async function listAttempts(
  { store }: Pick<StoreContext, 'store'>,
  accountName: string,
  page: AttemptPage,
): Promise<ToldAttempt[]> {
  const account = await existingAccount(store, accountName);
  return tellAttempts(store, account, await listStored(store, account.id, page));
}

/** @param attempts of this account */
export async function tellAttempts(
  store: Queryable,
  account: Pick<Account, 'id' | 'name'>,
  attempts: readonly Attempt[],
): Promise<ToldAttempt[]> {
  if (attempts.length === 0) return [];
  const named = [...(await listCertificates(store, account.id)), ...(await listKeys(store, account.id))];
  const names = new Map(named.map(({ id, name }) => [id, name]));
  const nameOf = (id: string | null) => (id === null ? null : (names.get(id) ?? null));
  return attempts.map((attempt) => ({
    ...attempt,
    certificate: nameOf(attempt.certificateId),
    key: nameOf(attempt.keyId),
    ...reasonOf(account, attempt),
  }));
}

function reasonOf({ name }: Pick<Account, 'name'>, attempt: Attempt): Pick<ToldAttempt, 'title' | 'hint'> {
  const { reason, address, database } = attempt;
  // A newer instance may write reasons that this program does not know yet.
  if (reason === null || !Object.hasOwn(failures, reason)) return { title: null, hint: null };
  const facts = { account: name, user: name, address: address ?? '', database: database ?? '' };
  return { title: titleOf(reason, facts), hint: failureOf(reason).hint ?? null };
}
