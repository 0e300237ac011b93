/**
 * SCRAM-SHA-256 and -PLUS, the client's side, for logging in to a backend: three pure steps with an injected
 * nonce (RFC 5802, RFC 7677). The backend proves that it knows the role's keys before anything is believed.
 *
 * The backend is not trusted with work: the iteration count is capped. Everything malformed or unproven is
 * Refusal('backend-misbehaved').
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
import { deriveScramKeysFromSalted, hmacSha256, scramKeyBytes, xor } from './scram-keys.ts';

/** 4096 is PostgreSQL's default; a million rounds block for a third of a second, 2^31 for ten minutes. */
export const maxScramIterations = 1_000_000;

export interface ScramClientState {
  readonly clientFirstBare: string;
  readonly clientNonce: string;
  readonly bindingValue: string;
}

const misbehaved = (reason: string): Refusal => new Refusal('backend-misbehaved', { reason });

/**
 * AuthenticationSASL → SASLInitialResponse. `channelBinding` is tls-server-end-point of the backend's
 * certificate, null where there is no TLS or no such hash. `clientNonce`: fresh, printable, without commas.
 */
export const startScramClient = (facts: {
  readonly mechanisms: readonly string[];
  readonly clientNonce: string;
  readonly channelBinding: Buffer | null;
}): { mechanism: string; clientFirst: string; state: ScramClientState } => {
  const { mechanisms, clientNonce, channelBinding } = facts;
  const plus = channelBinding !== null && mechanisms.includes(scramSha256Plus);
  if (!plus && !mechanisms.includes(scramSha256)) {
    throw misbehaved(`it offers no SASL mechanism that Postern speaks (${mechanisms.join(', ')})`);
  }
  // y: "I could bind, you did not offer it", so that a backend that did offer it notices the downgrade.
  const gs2Header = plus ? endPointHeader : channelBinding === null ? 'n,,' : 'y,,';
  // PostgreSQL ignores the user name here, and libpq leaves it empty.
  const clientFirstBare = `n=,r=${clientNonce}`;
  return {
    mechanism: plus ? scramSha256Plus : scramSha256,
    clientFirst: gs2Header + clientFirstBare,
    state: {
      clientFirstBare,
      clientNonce,
      bindingValue: channelBindingValue(gs2Header, plus ? channelBinding : null),
    },
  };
};

/**
 * server-first-message → client-final-message, and the signature that finishScramClient must see.
 * `saltedPasswordOf` is the place for a cache: see saltPassword in scram-keys.ts.
 */
export const continueScramClient = (
  state: ScramClientState,
  serverFirst: string,
  saltedPasswordOf: (salt: Buffer, iterations: number) => Buffer,
): { clientFinal: string; serverSignature: Buffer } => {
  const { nonce, salt, iterations } = readServerFirst(state, serverFirst);
  const keys = deriveScramKeysFromSalted(saltedPasswordOf(salt, iterations));
  const clientFinalBare = `c=${state.bindingValue},r=${nonce}`;
  const signed = authMessage(state.clientFirstBare, serverFirst, clientFinalBare);
  const proof = xor(keys.clientKey, hmacSha256(keys.storedKey, signed));
  return {
    clientFinal: `${clientFinalBare},p=${proof.toString('base64')}`,
    serverSignature: hmacSha256(keys.serverKey, signed),
  };
};

const readServerFirst = (
  state: ScramClientState,
  serverFirst: string,
): { nonce: string; salt: Buffer; iterations: number } => {
  const attributes = parseScramAttributes(serverFirst);
  const [nonce, salt, count] = attributes ?? [];
  if (nonce?.name !== 'r' || salt?.name !== 's' || count?.name !== 'i') {
    throw misbehaved('its first SCRAM message is malformed');
  }
  const ownPart = nonce.value.startsWith(state.clientNonce);
  if (!ownPart || nonce.value.length === state.clientNonce.length || !isScramNonce(nonce.value)) {
    throw misbehaved('its SCRAM nonce does not continue ours');
  }
  const saltBytes = decodeBase64(salt.value);
  if (saltBytes === null || saltBytes.length === 0) throw misbehaved('its SCRAM salt is not base64');
  if (!/^[1-9][0-9]{0,9}$/.test(count.value) || Number(count.value) > maxScramIterations) {
    throw misbehaved(`its SCRAM iteration count is not between 1 and ${maxScramIterations}`);
  }
  return { nonce: nonce.value, salt: saltBytes, iterations: Number(count.value) };
};

/** server-final-message: returns when the backend proved itself, throws otherwise. */
export const finishScramClient = (serverSignature: Buffer, serverFinal: string): void => {
  const [verifier] = parseScramAttributes(serverFinal) ?? [];
  // PostgreSQL tells a wrong password by an ErrorResponse; other servers may use SCRAM's own error.
  if (verifier?.name === 'e') throw new Refusal('backend-rejected-role', { reason: verifier.value });
  const signature = verifier?.name === 'v' ? decodeBase64(verifier.value) : null;
  if (signature?.length !== scramKeyBytes || !timingSafeEqual(signature, serverSignature)) {
    throw misbehaved('it did not prove that it knows the password of the role');
  }
};
