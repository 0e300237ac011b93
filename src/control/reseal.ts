/**
 * Changing the sealing key: after the new one has been configured in front of the old one, this seals every role's
 * password anew, and then the old one can go. The passwords themselves do not change, so no session notices.
 */

import { messageOf, RequestError } from '../errors.ts';
import {
  listSealedRoleSecrets,
  replaceSealedRoleSecret,
  type SealedRoleSecret,
} from '../store/role-secrets.ts';
import type { SealContext, StoreContext } from './context.ts';
import type { OnProgress } from './progress.ts';
import { recordChange } from './record.ts';
import type { Sealer } from './seal.ts';

export interface SealingKeyUse {
  /** As in `sealing_keys`, or one that is no longer there and opens nothing. */
  readonly id: string;
  readonly use: 'seals' | 'opens' | 'not configured';
  /** Role passwords in the store that are sealed with it. */
  readonly sealed: number;
}

/** Every sealing key that is configured, in its order, then whatever else something is sealed with. */
export async function listSealingKeyUse({ store, sealer }: SealContext): Promise<readonly SealingKeyUse[]> {
  const sealed = new Map<string, number>(sealer.keyIds.map((id) => [id, 0]));
  for (const secret of await listSealedRoleSecrets(store)) {
    const id = sealer.keyIdOf(secret.sealed) ?? 'unreadable';
    sealed.set(id, (sealed.get(id) ?? 0) + 1);
  }
  const describeUse = (id: string): SealingKeyUse['use'] => {
    const place = sealer.keyIds.indexOf(id);
    if (place === 0) return 'seals';
    return place > 0 ? 'opens' : 'not configured';
  };
  return [...sealed].map(([id, count]) => ({ id, use: describeUse(id), sealed: count }));
}

/**
 * Can be interrupted and repeated.
 * @returns how many were sealed anew; 0: the first sealing key is the only one in use
 * @throws RequestError, once all others are done, when some do not open
 */
export async function resealRoleSecrets(
  context: StoreContext & SealContext,
  onProgress: OnProgress = () => undefined,
): Promise<number> {
  const { store, sealer } = context;
  const secrets = (await listSealedRoleSecrets(store)).filter(({ sealed }) => !sealer.isCurrent(sealed));
  const [current = ''] = sealer.keyIds;
  if (secrets.length === 0) return 0;
  const before = await listSealingKeyUse(context);
  // First of all: if this is interrupted, it has been begun, and whoever goes on is recorded as well.
  await recordChange(context, { action: 'sealing-key.rotate', target: current }, async () => ({
    before,
    after: { sealsWith: current },
  }));
  const problems: string[] = [];
  for (const [index, secret] of secrets.entries()) {
    const opened = openOrProblem(sealer, secret);
    if (opened.problem !== null) problems.push(opened.problem);
    else await replaceSealedRoleSecret(store, secret, sealer.seal(opened.text, secret.id));
    onProgress(index + 1, secrets.length);
  }
  if (problems.length > 0) {
    throw new RequestError(
      `${problems.length} of ${secrets.length} role passwords do not open, first of all: ${problems[0]}`,
    );
  }
  return secrets.length;
}

type Opened =
  | { readonly text: string; readonly problem: null }
  | { readonly text: null; readonly problem: string };

function openOrProblem(sealer: Sealer, { id, sealed }: SealedRoleSecret): Opened {
  try {
    return { text: sealer.open(sealed, id), problem: null };
  } catch (error) {
    return { text: null, problem: messageOf(error) };
  }
}
