/**
 * The grammar that both sides of SCRAM share (RFC 5802 §5.1 and §7): attributes, base64, the channel-binding
 * input. Messages are byte strings, one character per byte, so that a user name in any encoding is signed as
 * it was sent.
 *
 * Never throws: malformed text is null, and the side that reads it knows whom to refuse.
 */

export const scramSha256 = 'SCRAM-SHA-256';
export const scramSha256Plus = 'SCRAM-SHA-256-PLUS';

/** GS2 header of the only channel-binding type that PostgreSQL knows (RFC 5929 §4). */
export const endPointHeader = 'p=tls-server-end-point,,';

export interface ScramAttribute {
  readonly name: string;
  readonly value: string;
}

/** `a=…,b=…` in order; null where something is not an attribute. */
export const parseScramAttributes = (text: string): ScramAttribute[] | null => {
  const attributes: ScramAttribute[] = [];
  for (const part of text.split(',')) {
    if (!/^[A-Za-z]=/.test(part)) return null;
    attributes.push({ name: part.charAt(0), value: part.slice(2) });
  }
  return attributes;
};

/** RFC 5802 `printable`: visible ASCII without the comma. An empty nonce protects nobody. */
export const isScramNonce = (text: string): boolean => /^[\x21-\x2b\x2d-\x7e]+$/.test(text);

/** Strict base64: canonical, padded, no white space (Buffer.from alone skips what it does not know). */
export const decodeBase64 = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
};

/** Value of the attribute `c`: the GS2 header and, with PLUS, the binding data. */
export const channelBindingValue = (gs2Header: string, data: Buffer | null): string =>
  Buffer.concat([Buffer.from(gs2Header, 'latin1'), data ?? Buffer.alloc(0)]).toString('base64');

/** AuthMessage (RFC 5802 §3): what both proofs sign. */
export const authMessage = (clientFirstBare: string, serverFirst: string, clientFinalBare: string): Buffer =>
  Buffer.from(`${clientFirstBare},${serverFirst},${clientFinalBare}`, 'latin1');
