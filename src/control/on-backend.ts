/**
 * The step from an account in the store to its database on a backend, and from what goes wrong there to one sentence.
 */

import { RequestError } from '../errors.ts';
import type { BackendAccount } from '../provision/account.ts';
import type { AdminDatabase } from '../provision/admin.ts';
import { withBackendLock } from '../store/locks.ts';
import type { BackendContext } from './context.ts';

interface Placed extends BackendAccount {
  readonly backend: string;
}

/**
 * Runs `work` with an admin connection to the account's database.
 * @throws RequestError in every case: its own, or one that names the backend and what it reported
 */
export async function onBackend<T>(
  { backendAdmin, store }: Pick<BackendContext, 'backendAdmin' | 'store'>,
  { backend, name, database, ownerRole }: Placed,
  work: (admin: AdminDatabase, account: BackendAccount) => Promise<T>,
): Promise<T> {
  try {
    const admin = await backendAdmin(backend, database);
    const alone: AdminDatabase['alone'] = (fn) =>
      withBackendLock(store, { backend, database }, () => admin.transaction(fn));
    return await work({ ...admin, alone }, { name, database, ownerRole });
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`The backend "${backend}" did not do what was asked: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** A host with several addresses fails with an AggregateError, which has a code and no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as Partial<NodeJS.ErrnoException>;
  return message || code || 'no reason given';
}
