/**
 * API keys: create, list, rotate. A key is written to the store as `provisioning`, which no gate admits, then gets its
 * role on the backend, then becomes `active`; only then its text is returned, for the only time. Whatever goes wrong
 * in between is rolled back, here or by `reconcile`: a text that nobody has seen needs no role.
 */

import { randomUUID } from 'node:crypto';
import { RequestError } from '../errors.ts';
import type { KeyKind } from '../policy/account.ts';
import { parseGrants } from '../policy/grants.ts';
import { createKeyText } from '../policy/key-text.ts';
import { checkRoleGrants, provisionRole } from '../provision/scoped-role.ts';
import { buildScramVerifier, createRolePassword } from '../provision/verifier.ts';
import { type Account, holdAccount } from '../store/accounts.ts';
import { activateKey, rotateKey as rotateStored } from '../store/api-key-changes.ts';
import { insertKey, listKeys as listStored, type StoredKey } from '../store/api-keys.ts';
import { withKeyLock } from '../store/locks.ts';
import type { KeyContext, StoreContext } from './context.ts';
import { enabledAccount, existingAccount, existingKey, type KeyReference } from './existing.ts';
import { retireKey } from './key-revocation.ts';
import { applyKeyRole } from './key-role.ts';
import { onBackend } from './on-backend.ts';
import { recognitionOf } from './recognition.ts';
import { recordChange } from './record.ts';
import { checkExpiry, parseKeyName } from './texts.ts';

export interface KeyRequest {
  readonly name: string;
  readonly kind: KeyKind;
  /** As `parseGrants` reads them; none for `master`. */
  readonly grants: readonly string[];
  readonly expiresAt: Date | null;
}

export interface CreatedKey {
  readonly key: StoredKey;
  /** The key itself: for the person who asked, and for nobody else to keep. */
  readonly text: string;
}

export interface RotatedKey extends CreatedKey {
  /** Why the role is not yet what it must be, so that the new text does not work, one sentence; null: it is. */
  readonly unfinished: string | null;
}

/**
 * Makes a key with its scoped role.
 * @throws RequestError when the account is missing or disabled, the name is taken, a grant is not the account's to
 *   give, the expiry is past, or the backend did not follow
 */
export async function createKey(
  context: KeyContext,
  accountName: string,
  request: KeyRequest,
): Promise<CreatedKey> {
  const name = parseKeyName(request.name);
  const { kind } = request;
  const grants = parseGrants(request.grants);
  const expiresAt = checkExpiry(request.expiresAt, context.now());
  const account = await enabledAccount(context.store, accountName);
  await onBackend(context, account, (admin, on) => checkRoleGrants(admin, on, { kind, grants }));

  const id = randomUUID();
  const text = createKeyText(kind);
  const password = createRolePassword();
  const stored = {
    id,
    accountId: account.id,
    name,
    kind,
    roleName: roleNameOf(account.name, id),
    roleSecretSealed: context.seal(password, id),
    grants,
    expiresAt,
    createdBy: context.actor,
    ...(await recognitionOf(context.store, account, text)),
  };
  return withKeyLock(context.store, id, async () => {
    await recordChange(context, { action: 'key.create', target: `${account.name}/${name}` }, async (tx) => {
      // Whoever disables the account to delete it waits, and then sees this key; or was faster.
      if ((await holdAccount(tx, account.id))?.status !== 'active') {
        throw new RequestError(`The account "${account.name}" was disabled meanwhile.`);
      }
      return { before: null, after: await insertKey(tx, account.name, stored) };
    });
    try {
      const verifier = buildScramVerifier(password);
      await onBackend(context, account, (admin, on) => provisionRole(admin, on, { ...stored, verifier }));
      const key = await activateKey(context.store, id);
      if (key === undefined)
        throw new RequestError(`The API key "${name}" was revoked while it was being made.`);
      return { key, text };
    } catch (error) {
      await rollBack(context, account, id, error);
      throw error;
    }
  });
}

/** In the order in which they were made, revoked ones too. @throws RequestError when there is no such account */
export async function listKeys(
  { store }: Pick<StoreContext, 'store'>,
  accountName: string,
): Promise<StoredKey[]> {
  return listStored(store, (await existingAccount(store, accountName)).id);
}

/**
 * Another text for the same key, and another password for its role, which is put back to what it was made as; gates
 * refuse the old text and end its sessions, also when the backend does not follow.
 * @throws RequestError when account or key are missing, or the key is not active
 */
export async function rotateKey(
  context: KeyContext,
  accountName: string,
  reference: KeyReference,
): Promise<RotatedKey> {
  const account = await existingAccount(context.store, accountName);
  const { id, kind, name } = await existingKey(context.store, account, reference);
  const text = createKeyText(kind);
  const password = createRolePassword();
  const rotation = {
    ...(await recognitionOf(context.store, account, text)),
    roleSecretSealed: context.seal(password, id),
  };
  return withKeyLock(context.store, id, async () => {
    const { after: key } = await recordChange(
      context,
      { action: 'key.rotate', target: `${account.name}/${name}` },
      async (tx) => {
        const before = await existingKey(tx, account, { id });
        const rotated = await rotateStored(tx, id, rotation);
        if (rotated === undefined) {
          throw new RequestError(`The API key "${name}" cannot be rotated: it is ${before.state}.`);
        }
        return { before, after: rotated };
      },
    );
    try {
      return { key: await applyKeyRole(context, account, key, password), text, unfinished: null };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { key, text, unfinished: error.message };
    }
  });
}

/** At most 62 bytes, of which 48 random bits tell apart the keys of an account. */
const roleNameOf = (accountName: string, keyId: string): string =>
  `postern_${accountName}_${keyId.replaceAll('-', '').slice(0, 12)}`;

async function rollBack(context: KeyContext, account: Account, id: string, cause: unknown): Promise<void> {
  try {
    await retireKey(context, account, { id }, 'The key could not be set up.');
  } catch {
    const why = cause instanceof RequestError ? cause.message : 'The API key could not be set up.';
    throw new RequestError(
      `${why} What is left of the key opens nothing; \`postern reconcile\` removes it.`,
      {
        cause,
      },
    );
  }
}
