/**
 * SCRAM-SHA-256 and -PLUS, the server's side, as two pure steps (RFC 5802, RFC 7677; the checks and their
 * order are those of src/backend/libpq/auth-scram.c). Many keys stand behind one user name: they share salt
 * and iteration count, and the client's proof tells which one it has.
 *
 * The user name in the messages is ignored, as in PostgreSQL: the startup packet named the user. Malformed
 * messages throw Refusal('message-invalid'), broken channel binding Refusal('channel-binding-failed'); a
 * wrong key is a value.
 */

import { timingSafeEqual } from 'node:crypto';
import { Refusal } from '../errors.ts';
import {
  authMessage,
  channelBindingValue,
  decodeBase64,
  endPointHeader,
  isScramNonce,
  parseScramAttributes,
  scramSha256,
  scramSha256Plus,
} from './scram-attributes.ts';
import { hmacSha256, scramKeyBytes, sha256, xor } from './scram-keys.ts';

export interface ScramOffer {
  /** As the client selected it. */
  readonly mechanism: string;
  /** A byte string, as parseSaslInitialResponse gives it. */
  readonly clientFirst: string;
  readonly salt: Buffer;
  readonly iterations: number;
  /** Fresh for every exchange, printable ASCII without commas; PostgreSQL uses base64 of 18 random bytes. */
  readonly serverNonce: string;
  /** `data` is tls-server-end-point of the certificate shown to this client; null: -PLUS is not possible. */
  readonly channelBinding: { readonly plusOffered: boolean; readonly data: Buffer | null };
}

/** What the second step needs of the first. */
export interface ScramState {
  readonly plus: boolean;
  readonly clientFirstBare: string;
  readonly serverFirst: string;
  readonly nonce: string;
  readonly expectedBinding: string;
}

export interface ScramVerifier {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export type ScramOutcome<Candidate> =
  | { readonly kind: 'accepted'; readonly candidate: Candidate; readonly serverFinal: string }
  | { readonly kind: 'rejected' };

const malformed = (reason: string): Refusal => new Refusal('message-invalid', { reason });

/** client-first-message → server-first-message. */
export const startScram = (offer: ScramOffer): { serverFirst: string; state: ScramState } => {
  const plus = isPlus(offer);
  const [flag = '', authzid, ...bare] = offer.clientFirst.split(',');
  checkBindingFlag(flag, plus, offer.channelBinding.plusOffered);
  if (authzid !== '') throw malformed('SCRAM authorization identities are not supported');

  const clientFirstBare = bare.join(',');
  const clientNonce = readClientNonce(clientFirstBare);
  const nonce = clientNonce + offer.serverNonce;
  const serverFirst = `r=${nonce},s=${offer.salt.toString('base64')},i=${offer.iterations}`;
  const expectedBinding = channelBindingValue(`${flag},,`, plus ? offer.channelBinding.data : null);
  return { serverFirst, state: { plus, clientFirstBare, serverFirst, nonce, expectedBinding } };
};

const isPlus = ({ mechanism, channelBinding }: ScramOffer): boolean => {
  if (mechanism === scramSha256) return false;
  if (mechanism === scramSha256Plus && channelBinding.plusOffered && channelBinding.data !== null)
    return true;
  throw malformed('the client selected a SASL mechanism that was not offered');
};

/** RFC 5802 §6. */
const checkBindingFlag = (flag: string, plus: boolean, plusOffered: boolean): void => {
  if (flag === 'n' || flag === 'y') {
    if (plus) throw malformed('SCRAM-SHA-256-PLUS was selected without channel binding');
    // The client could bind and believes that the server cannot: somebody took -PLUS out of the offer.
    if (flag === 'y' && plusOffered) throw new Refusal('channel-binding-failed');
    return;
  }
  if (!flag.startsWith('p=')) throw malformed('the SCRAM channel-binding flag is none of n, y and p');
  if (!plus) throw malformed('SCRAM-SHA-256 was selected with channel binding');
  if (`${flag},,` !== endPointHeader) throw malformed('the SCRAM channel-binding type is not supported');
};

const readClientNonce = (clientFirstBare: string): string => {
  if (clientFirstBare.startsWith('m')) throw malformed('SCRAM extensions are not supported');
  const [user, nonce] = parseScramAttributes(clientFirstBare) ?? [];
  if (user?.name !== 'n' || nonce?.name !== 'r' || !isScramNonce(nonce.value)) {
    throw malformed('the first SCRAM message is malformed');
  }
  return nonce.value;
};

/**
 * client-final-message → the candidate that the client's proof fits, and server-final-message. Every
 * candidate costs one HMAC and one hash and is compared in constant time; the search stops at the match,
 * which only the holder of a valid key can measure. Give a mock candidate where there is none, so that an
 * account without keys costs what one with a key costs.
 */
export const finishScram = <Candidate extends ScramVerifier>(
  state: ScramState,
  clientFinal: string,
  candidates: Iterable<Candidate>,
): ScramOutcome<Candidate> => {
  const { clientFinalBare, proof } = readClientFinal(state, clientFinal);
  const signed = authMessage(state.clientFirstBare, state.serverFirst, clientFinalBare);
  for (const candidate of candidates) {
    const clientKey = xor(proof, hmacSha256(candidate.storedKey, signed));
    if (timingSafeEqual(sha256(clientKey), candidate.storedKey)) {
      const signature = hmacSha256(candidate.serverKey, signed);
      return { kind: 'accepted', candidate, serverFinal: `v=${signature.toString('base64')}` };
    }
  }
  return { kind: 'rejected' };
};

const readClientFinal = (
  state: ScramState,
  clientFinal: string,
): { clientFinalBare: string; proof: Buffer } => {
  const attributes = parseScramAttributes(clientFinal);
  const [binding, nonce] = attributes ?? [];
  if (binding?.name !== 'c' || nonce?.name !== 'r') throw malformed('the final SCRAM message is malformed');
  if (!sameText(binding.value, state.expectedBinding)) {
    if (state.plus) throw new Refusal('channel-binding-failed');
    throw malformed('the final SCRAM message repeats another channel-binding flag');
  }
  if (!sameText(nonce.value, state.nonce)) throw malformed('the SCRAM nonce does not match');

  // The first p ends the message: behind it nothing would be signed.
  const proofAt = attributes?.findIndex(({ name }) => name === 'p') ?? -1;
  const proof = decodeBase64(attributes?.[proofAt]?.value ?? '');
  if (proof?.length !== scramKeyBytes || attributes?.length !== proofAt + 1) {
    throw malformed('the SCRAM proof is missing or malformed');
  }
  return { clientFinalBare: clientFinal.slice(0, clientFinal.lastIndexOf(',')), proof };
};

const sameText = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left, 'latin1'), Buffer.from(right, 'latin1'));
