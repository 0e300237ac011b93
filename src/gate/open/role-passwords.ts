/**
 * While a role's password is being replaced, its backend has the old or the new one, and which of them is known here a
 * moment later. So a login that the backend refuses is tried with every other password that the policy knows by then;
 * as a rule there is none, and the refusal stands (decision 13).
 */

import { Refusal } from '../../errors.ts';
import type { ApiKey } from '../../policy/account.ts';

const passwordsOf = (key: ApiKey | undefined): readonly string[] =>
  key ? [key.sealedRolePassword, key.nextSealedRolePassword].filter((sealed) => sealed !== null) : [];

/**
 * @param key as it was when the client proved it
 * @param keyNow as the policy has it when a login was refused; undefined: it is gone
 * @throws what `logIn` throws for the last password that there is to try
 */
export const withRolePassword = async <T>(
  key: ApiKey,
  keyNow: () => ApiKey | undefined,
  logIn: (sealedPassword: string) => Promise<T>,
): Promise<T> => {
  const tried = new Set<string>();
  let sealed = key.sealedRolePassword;
  for (;;) {
    tried.add(sealed);
    try {
      return await logIn(sealed);
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'backend-rejected-role')) throw error;
      const other = [...passwordsOf(keyNow()), ...passwordsOf(key)].find((each) => !tried.has(each));
      if (other === undefined) throw error;
      sealed = other;
    }
  }
};
