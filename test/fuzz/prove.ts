/** The client's proof as a fuzzer sends it: right, but for the edits that a case makes in its text. */

import { authMessage, channelBindingValue, parseScramAttributes } from '../../src/wire/scram-attributes.ts';
import { deriveScramKeysFromSalted, hmacSha256, saltPassword, xor } from '../../src/wire/scram-keys.ts';
import { message } from '../support/raw-messages.ts';
import type { Edit } from './script.ts';

export const applyEdits = (bytes: Buffer, edits: readonly Edit[]): Buffer =>
  edits.reduce(
    (text, { at, remove, insert }) =>
      Buffer.concat([text.subarray(0, at), insert, text.subarray(at + remove)]),
    bytes,
  );

/** One per salt: a server shows the same one each time. */
const saltedPasswords = new Map<string, Buffer>();

const salted = (password: string, salt: string, iterations: number): Buffer => {
  const place = `${password} ${salt} ${iterations}`;
  const known = saltedPasswords.get(place) ?? saltPassword(password, Buffer.from(salt, 'base64'), iterations);
  saltedPasswords.set(place, known);
  return known;
};

/** The GS2 header and client-first-message-bare of what was sent as SASLInitialResponse, however odd it was. */
const partsOf = (initialResponse: Buffer): { header: string; bare: string } => {
  const mechanismEnd = initialResponse.indexOf(0, 5);
  const data = initialResponse.toString('latin1', mechanismEnd + 5);
  const [flag = '', authzid = '', ...bare] = data.split(',');
  return { header: `${flag},${authzid},`, bare: bare.join(',') };
};

export interface Exchange {
  /** Whole message. */
  readonly initialResponse: Buffer;
  readonly serverFirst: string;
  readonly password: string;
  /** Of `tls-server-end-point`. */
  readonly bindingData: Buffer | null;
}

/** A whole SASLResponse. */
export const buildProof = (
  { initialResponse, serverFirst, password, bindingData }: Exchange,
  edits: readonly Edit[],
): Buffer => {
  const { header, bare } = partsOf(initialResponse);
  const attributes = new Map(parseScramAttributes(serverFirst)?.map(({ name, value }) => [name, value]));
  const { r: nonce = '', s: salt = '', i: iterations = '1' } = Object.fromEntries(attributes);
  const binding = channelBindingValue(header, header.startsWith('p') ? bindingData : null);
  const withoutProof = `c=${binding},r=${nonce}`;
  const { clientKey, storedKey } = deriveScramKeysFromSalted(salted(password, salt, Number(iterations)));
  const proof = xor(clientKey, hmacSha256(storedKey, authMessage(bare, serverFirst, withoutProof)));
  const text = Buffer.from(`${withoutProof},p=${proof.toString('base64')}`, 'latin1');
  return message('p', applyEdits(text, edits));
};
