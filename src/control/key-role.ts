/**
 * The role behind an active API key, made what the store says: password, attributes, memberships, settings, grants.
 * Used where the backend may be behind (`grants_applied` false) or was changed by others; never by those who only
 * change grants, who need no secret.
 */

import { grantsFromJson } from '../policy/grants.ts';
import { provisionRole } from '../provision/scoped-role.ts';
import { buildScramVerifier } from '../provision/verifier.ts';
import type { Account } from '../store/accounts.ts';
import { markGrantsApplied } from '../store/api-key-changes.ts';
import type { StoredKey } from '../store/api-keys.ts';
import { loadSealedRoleSecret } from '../store/role-secrets.ts';
import type { BackendContext, SealContext } from './context.ts';
import { onBackend } from './on-backend.ts';

/**
 * The caller holds the key's lock. Can be repeated.
 * @param password the role's, which the store has sealed
 * @throws RequestError when the backend did not follow: everything there is as it was then
 */
export async function applyKeyRole(
  context: BackendContext,
  account: Account,
  key: StoredKey,
  password: string,
): Promise<StoredKey> {
  const grants = grantsFromJson(key.grants);
  const verifier = buildScramVerifier(password);
  await onBackend(context, account, (admin, on) => provisionRole(admin, on, { ...key, grants, verifier }));
  return (await markGrantsApplied(context.store, key.id, key.grants)) ?? key;
}

/** As `applyKeyRole`, with the password from the store. */
export const restoreKeyRole = async (
  context: BackendContext & SealContext,
  account: Account,
  key: StoredKey,
): Promise<StoredKey> => {
  const sealed = await loadSealedRoleSecret(context.store, key.id);
  return applyKeyRole(context, account, key, context.sealer.open(sealed, key.id));
};
