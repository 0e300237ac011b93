/**
 * The two ways to ask for an API key. SCRAM: the key never crosses the wire, and its holder is found among all keys of
 * the account by the proof. Password: the key itself, inside TLS, for clients that know nothing better.
 */

import { randomBytes } from 'node:crypto';
import { Refusal } from '../../errors.ts';
import type { AccountPolicy, ApiKey } from '../../policy/account.ts';
import { keyOfPassword } from '../../policy/judge.ts';
import {
  buildAuthenticationCleartextPassword,
  buildAuthenticationSasl,
  buildAuthenticationSaslContinue,
  buildAuthenticationSaslFinal,
} from '../../wire/backend-messages.ts';
import {
  maxPasswordMessageBytes,
  maxSaslMessageBytes,
  parsePasswordMessage,
  parseSaslInitialResponse,
  parseSaslResponse,
} from '../../wire/messages.ts';
import { scramSha256, scramSha256Plus } from '../../wire/scram-attributes.ts';
import { finishScram, type ScramVerifier, startScram } from '../../wire/scram-server.ts';
import type { LoginTime } from '../login-time.ts';
import { readMessage } from '../reading.ts';
import type { Secured } from '../values.ts';

/**
 * What the client proved: one of the account's keys, nothing fitting, or that it has no key to offer. The
 * confirmation goes out only if that key is usable: an expired one must look like a wrong one.
 */
export type Proof =
  | { readonly kind: 'key'; readonly key: ApiKey; readonly confirmation: Buffer }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'empty' };

const passwordMessage = 'p'.charCodeAt(0);

/** The client, and the time of its login, to which waiting for its answers is put down. */
export type Asked = Pick<Secured, 'line' | 'login' | 'serverEndPoint'> & { readonly loginTime: LoginTime };

const readAnswer = async ({ line, login, loginTime }: Asked, maxBytes: number): Promise<Buffer> => {
  const { type, body } = await loginTime.waitingFor(
    'client',
    readMessage(line.stream, maxBytes, login.signal, 'client'),
  );
  if (type !== passwordMessage) {
    throw new Refusal('message-invalid', { reason: 'another message came instead of the password' });
  }
  return body;
};

interface Candidate extends ScramVerifier {
  readonly key: ApiKey | null;
}

const candidateFor = (key: ApiKey): Candidate => ({
  storedKey: Buffer.from(key.scramStoredKey, 'base64'),
  serverKey: Buffer.from(key.scramServerKey, 'base64'),
  key,
});

/** Something to compute on when an account has no keys, so that it takes the time that a wrong key takes. */
const nobody: Candidate = { storedKey: Buffer.alloc(32), serverKey: Buffer.alloc(32), key: null };

/** @param keys the account's keys, likeliest first */
export const askByScram = async (
  asked: Asked,
  account: AccountPolicy,
  keys: readonly ApiKey[],
): Promise<Proof> => {
  const { stream } = asked.line;
  const plusOffered = asked.serverEndPoint !== null;
  stream.write(buildAuthenticationSasl(plusOffered ? [scramSha256Plus, scramSha256] : [scramSha256]));
  const { mechanism, data } = parseSaslInitialResponse(await readAnswer(asked, maxSaslMessageBytes));
  const { serverFirst, state } = startScram({
    mechanism,
    clientFirst: data,
    salt: Buffer.from(account.scramSalt, 'base64'),
    iterations: account.scramIterations,
    serverNonce: randomBytes(18).toString('base64'),
    channelBinding: { plusOffered, data: asked.serverEndPoint },
  });
  stream.write(buildAuthenticationSaslContinue(serverFirst));
  const clientFinal = parseSaslResponse(await readAnswer(asked, maxSaslMessageBytes));
  const candidates = keys.length > 0 ? keys.map(candidateFor) : [nobody];
  const outcome = finishScram(state, clientFinal, candidates);
  if (outcome.kind === 'rejected' || outcome.candidate.key === null) return { kind: 'wrong' };
  const confirmation = buildAuthenticationSaslFinal(outcome.serverFinal);
  return { kind: 'key', key: outcome.candidate.key, confirmation };
};

export const askByPassword = async (asked: Asked, keys: readonly ApiKey[]): Promise<Proof> => {
  asked.line.stream.write(buildAuthenticationCleartextPassword());
  const password = parsePasswordMessage(await readAnswer(asked, maxPasswordMessageBytes));
  // QGIS tries an empty password first: a question, not a guess.
  if (password === '') return { kind: 'empty' };
  const key = keyOfPassword(keys, password);
  return key ? { kind: 'key', key, confirmation: Buffer.alloc(0) } : { kind: 'wrong' };
};
