/**
 * Changing the sealing key: after the new one has been configured in front of the old one, this seals every role's
 * password anew, and then the old one can go. The passwords themselves do not change, so no session notices.
 */

import { replaceSealedRoleSecret } from '../store/api-key-changes.ts';
import { listSealedRoleSecrets } from '../store/api-keys.ts';
import type { SealContext } from './context.ts';

/**
 * Can be interrupted and repeated.
 * @returns how many were sealed anew; 0: the first sealing key is the only one in use
 * @throws Error for the first one that does not open
 */
export async function resealRoleSecrets({ store, sealer }: SealContext): Promise<number> {
  let resealed = 0;
  for (const { id, sealed } of await listSealedRoleSecrets(store)) {
    if (sealer.isCurrent(sealed)) continue;
    await replaceSealedRoleSecret(store, id, sealer.seal(sealer.open(sealed, id), id));
    resealed += 1;
  }
  return resealed;
}
