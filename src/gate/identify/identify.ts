/**
 * Stage 4. Asks for the API key, and puts the session on the register, which judges it once more in the same tick, so
 * that nothing revoked meanwhile slips through. Unknown, wrong, expired and revoked keys take one path to one answer. A
 * right key is always let in: it cannot be guessed, and a tool with an old key must not lock its whole office out.
 */

import { Refusal } from '../../errors.ts';
import type { ApiKey, ClientAuthentication } from '../../policy/account.ts';
import { isUsableKey } from '../../policy/judge.ts';
import { networkOf } from '../../policy/network.ts';
import { answerWithin } from '../answer.ts';
import type { ConnectionFacts } from '../facts.ts';
import { type Instance, unlessDenied } from '../instance.ts';
import type { SessionRegistry } from '../registry.ts';
import { Session } from '../session.ts';
import type { Hello, Identity, Secured } from '../values.ts';
import { askByPassword, askByScram } from './ask-key.ts';
import type { RecentKeys } from './recent-keys.ts';

export interface IdentifyDependencies {
  readonly clientAuthentication: ClientAuthentication;
  readonly instance: Instance;
  readonly recentKeys: RecentKeys;
  readonly registry: SessionRegistry;
  readonly now: () => number;
}

const askForKey = async (
  secured: Secured,
  { account, user }: Hello,
  { loginTime }: ConnectionFacts,
  { clientAuthentication, instance, recentKeys, now }: IdentifyDependencies,
): Promise<ApiKey> => {
  const place = `${account.id} ${networkOf(secured.shownAddress)}`;
  const keys = recentKeys.likeliestFirst(account);
  const method = account.clientAuthentication ?? clientAuthentication;
  const asked = { ...secured, loginTime };
  const proof =
    method === 'password' ? await askByPassword(asked, keys) : await askByScram(asked, account, keys);
  if (proof.kind === 'key' && isUsableKey(proof.key, now())) {
    instance.keyProved(place);
    recentKeys.used(account, proof.key);
    secured.line.stream.write(proof.confirmation);
    return proof.key;
  }
  const wrong = new Refusal('key-wrong', { user });
  if (proof.kind === 'empty') throw wrong;
  unlessDenied(await answerWithin(instance.keyFailed(place), secured.login.signal).catch(() => null));
  throw wrong;
};

export const identify = async (
  secured: Secured,
  hello: Hello,
  facts: ConnectionFacts,
  dependencies: IdentifyDependencies,
): Promise<Identity> => {
  const key = await askForKey(secured, hello, facts, dependencies);
  facts.keyId = key.id;
  facts.keyName = key.name;
  facts.identifiedAfterMs = dependencies.now() - facts.startedAtMs;
  const session = new Session(
    {
      accountId: hello.account.id,
      address: hello.address,
      shownAddress: secured.shownAddress,
      certificateId: hello.certificateId,
      keyId: key.id,
      keyDigest: key.digest,
    },
    facts,
  );
  await dependencies.registry.admit(session, secured.login.signal);
  return { account: hello.account, key, session };
};
