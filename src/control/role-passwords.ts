/**
 * Another password for the role of every active key, without one refused login: PostgreSQL knows one password per role,
 * and gates log in all the time. So the next password is announced through the store first; when every gate knows it,
 * the backend gets it, and then it becomes the present one. From the announcement on gates try both (decision 13).
 *
 * Every state in between works and is found again by the next run: an announced password is finished whatever its age.
 * Sessions go on; nothing of them depends on the password.
 */

import { messageOf, RequestError } from '../errors.ts';
import { setRolePassword } from '../provision/scoped-role.ts';
import { buildScramVerifier, createRolePassword } from '../provision/verifier.ts';
import { type Account, findAccountById } from '../store/accounts.ts';
import { findKeyById } from '../store/api-keys.ts';
import type { ServingInstance } from '../store/instances.ts';
import { withKeyLock, withRotationLock } from '../store/locks.ts';
import {
  adoptNextRoleSecret,
  announceRoleSecrets,
  listRotatingKeys,
  loadNextSealedRoleSecret,
  type RotatingKey,
} from '../store/role-secrets.ts';
import type { BackendContext, SealContext } from './context.ts';
import { listSilentGates, type Patience, silenceOf, untilGatesKnow } from './gates-informed.ts';
import { onBackend } from './on-backend.ts';
import { problemOf } from './problem.ts';
import type { OnProgress } from './progress.ts';
import { recordChange } from './record.ts';

export interface RolePasswordRequest extends Patience {
  /** Passwords that are younger stay, unless they are half replaced. */
  readonly setBefore: Date;
}

export interface RotatedPassword {
  readonly account: string;
  readonly key: string;
  readonly backend: string;
  /** Why its role keeps the password that it has, one sentence; null: it has another one, or the key is gone. */
  readonly problem: string | null;
}

type PasswordContext = BackendContext & SealContext;

/** Which keys a run would touch, and which gates keep it from beginning. Changes nothing. */
export async function planRolePasswords(
  context: Pick<PasswordContext, 'store'>,
  request: RolePasswordRequest,
): Promise<{ readonly keys: readonly RotatingKey[]; readonly silent: readonly ServingInstance[] }> {
  return {
    keys: await listRotatingKeys(context.store, request.setBefore),
    silent: await listSilentGates(context, request),
  };
}

/**
 * One backend does not keep the others waiting, nor its failure them from their passwords.
 * @returns every key of the plan
 * @throws RequestError when a gate has not been heard of, or does not hear in time: then no backend has been touched
 */
export async function rotateRolePasswords(
  context: PasswordContext,
  request: RolePasswordRequest,
  onProgress: OnProgress = () => undefined,
): Promise<readonly RotatedPassword[]> {
  return withRotationLock(context.store, 'role passwords', () => rotate(context, request, onProgress));
}

async function rotate(
  context: PasswordContext,
  request: RolePasswordRequest,
  onProgress: OnProgress,
): Promise<readonly RotatedPassword[]> {
  const { keys, silent } = await planRolePasswords(context, request);
  const [first] = silent;
  if (keys.length === 0) return [];
  if (first !== undefined && !request.force) throw new RequestError(silenceOf(first));
  await announce(context, keys);
  await untilGatesKnow(context, request);
  let done = 0;
  const onDone = () => {
    done += 1;
    onProgress(done, keys.length);
  };
  const rotated: RotatedPassword[] = [];
  // One after the other: each holds connections to the store, of which there are few.
  for (const ofBackend of Map.groupBy(keys, ({ backend }) => backend).values()) {
    rotated.push(...(await rotateOnBackend(context, ofBackend, onDone)));
  }
  return rotated;
}

async function announce({ store, sealer }: PasswordContext, keys: readonly RotatingKey[]): Promise<void> {
  const fresh = keys.filter(({ announced }) => !announced);
  if (fresh.length === 0) return;
  const secrets = fresh.map(({ id }) => ({ id, sealed: sealer.seal(createRolePassword(), id) }));
  await announceRoleSecrets(store, secrets);
}

async function rotateOnBackend(
  context: PasswordContext,
  keys: readonly RotatingKey[],
  onDone: () => void,
): Promise<readonly RotatedPassword[]> {
  const rotated: RotatedPassword[] = [];
  for (const ofAccount of Map.groupBy(keys, ({ accountId }) => accountId).values()) {
    const [{ accountId } = { accountId: '' }] = ofAccount;
    const account = await findAccountById(context.store, accountId);
    if (account === undefined)
      throw new Error(`The account ${accountId} is gone, where none is ever deleted.`);
    // Once for all of its keys: a server that does not even answer would be waited for each time.
    const unreachable = await problemOf(() => onBackend(context, account, async () => undefined));
    for (const { id, key, backend } of ofAccount) {
      const problem = unreachable ?? (await problemOf(() => rotateOne(context, account, id)));
      rotated.push({ account: account.name, key, backend, problem });
      onDone();
    }
  }
  return rotated;
}

/** Does nothing for a key that was revoked or rotated meanwhile. */
const rotateOne = (context: PasswordContext, account: Account, id: string): Promise<void> =>
  withKeyLock(context.store, id, async () => {
    const sealed = await loadNextSealedRoleSecret(context.store, id);
    const key = await findKeyById(context.store, id);
    if (sealed === null || key === undefined) return;
    const verifier = buildScramVerifier(openSecret(context, id, sealed));
    const role = { roleName: key.roleName, verifier };
    await onBackend(context, account, (admin, on) => setRolePassword(admin, on, role));
    const target = `${account.name}/${key.name}`;
    await recordChange(context, { action: 'key.rotate-role-password', target }, async (tx) => {
      await adoptNextRoleSecret(tx, id);
      return { before: null, after: { roleName: key.roleName } };
    });
  });

function openSecret({ sealer }: SealContext, id: string, sealed: string): string {
  try {
    return sealer.open(sealed, id);
  } catch (error) {
    throw new RequestError(messageOf(error), { cause: error });
  }
}
