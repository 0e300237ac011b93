/** By what a gate recognises the text of an API key; the text itself is kept nowhere. */

import { digestOf, hintOf } from '../policy/key-text.ts';
import type { Queryable } from '../postgres/query.ts';
import { type Account, loadScramParameters } from '../store/accounts.ts';
import type { KeyVerifiers } from '../store/api-keys.ts';
import { deriveScramKeys } from '../wire/scram-keys.ts';

/** All keys of an account share salt and iterations, so that SCRAM can find the key. */
export async function recognitionOf(
  store: Queryable,
  account: Pick<Account, 'id'>,
  text: string,
): Promise<KeyVerifiers & { readonly hint: string }> {
  const { scramSalt, scramIterations } = await loadScramParameters(store, account.id);
  const { storedKey, serverKey } = deriveScramKeys(text, scramSalt, scramIterations);
  return {
    digestSha256: Buffer.from(digestOf(text), 'hex'),
    scramStoredKey: storedKey,
    scramServerKey: serverKey,
    hint: hintOf(text),
  };
}
