/**
 * The untyped packets that open a connection: StartupMessage, SSLRequest, GSSENCRequest and CancelRequest
 * (PostgreSQL manual, "Message Formats"). What is accepted, and the order of the checks, is that of
 * ProcessStartupPacket in src/backend/tcop/backend_startup.c.
 *
 * Judges bytes only: how often a request may come, which user and which minor version are welcome is the
 * gate's.
 */

import { Refusal } from '../errors.ts';
import { splitCStrings } from './bytes.ts';

/** MAX_STARTUP_PACKET_LENGTH: bytes that may follow the length word. */
export const maxStartupPacketBytes = 10_000;

/** Newest minor version of protocol 3 that Postern speaks to clients (PostgreSQL 18: 3.2). */
export const newestProtocolMinor = 2;

const cancelRequestCode = 80877102;
const sslRequestCode = 80877103;
const gssRequestCode = 80877104;

/** PostgreSQL's own keys have 4 bytes (3.0) or 32 (3.2); the protocol allows up to 256. */
const minCancelSecretBytes = 4;
const maxCancelSecretBytes = 256;

export interface StartupParameter {
  /** Latin-1, that is one character per byte, so that any name goes on byte for byte. */
  readonly name: string;
  /** As sent, without its NUL; in whatever encoding the client uses. A view into the packet. */
  readonly value: Buffer;
}

export type StartupPacket =
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gss-request' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: Buffer }
  | {
      readonly kind: 'startup';
      readonly major: number;
      readonly minor: number;
      readonly parameters: readonly StartupParameter[];
    };

/**
 * Number of bytes that follow the four-byte length word of an untyped packet.
 * Throws Refusal('not-postgresql') outside 4 … 10 000: PostgreSQL drops such a peer without an answer.
 */
export const parseStartupLength = (word: Buffer): number => {
  const bodyBytes = word.readInt32BE() - 4;
  if (bodyBytes >= 4 && bodyBytes <= maxStartupPacketBytes) return bodyBytes;
  throw new Refusal('not-postgresql', {
    reason: `its first four bytes were 0x${word.toString('hex', 0, 4)}`,
  });
};

/**
 * `body` is everything after the length word, at least the four bytes that parseStartupLength promises.
 * Throws Refusal('protocol-unsupported') for another major version and Refusal('packet-invalid') for a packet
 * that PostgreSQL would not take either. Bytes behind the code of an SSLRequest or GSSENCRequest, inside the
 * packet, are ignored as PostgreSQL ignores them.
 */
export const parseStartupPacket = (body: Buffer): StartupPacket => {
  if (body.length < 4) throw new Refusal('packet-invalid', { reason: 'it has no protocol version' });
  switch (body.readInt32BE()) {
    case cancelRequestCode:
      return parseCancelRequest(body);
    case sslRequestCode:
      return { kind: 'ssl-request' };
    case gssRequestCode:
      return { kind: 'gss-request' };
  }
  const major = body.readUInt16BE(0);
  const minor = body.readUInt16BE(2);
  if (major !== 3) throw new Refusal('protocol-unsupported', { reason: `${major}.${minor}` });
  return { kind: 'startup', major, minor, parameters: parseParameters(body.subarray(4)) };
};

const parseCancelRequest = (body: Buffer): StartupPacket => {
  const secret = body.subarray(8);
  if (secret.length < minCancelSecretBytes || secret.length > maxCancelSecretBytes) {
    // Not packet-invalid: nothing is ever said to a cancel request (manual, "Canceling Requests in Progress").
    throw new Refusal('not-postgresql', {
      reason: `the key of its cancel request has ${secret.length} bytes`,
    });
  }
  // A copy: the secret outlives the packet, and a view would keep the whole receive buffer alive.
  return { kind: 'cancel', processId: body.readInt32BE(4), secret: Buffer.from(secret) };
};

/** Pairs of strings and one empty name, which must be the packet's last byte. */
const parseParameters = (list: Buffer): StartupParameter[] => {
  const strings = splitCStrings(list);
  const terminator = strings?.pop();
  if (strings == null || terminator?.length !== 0 || strings.length % 2 !== 0) {
    throw new Refusal('packet-invalid', { reason: 'its last byte is not the terminator of its parameters' });
  }
  const parameters: StartupParameter[] = [];
  for (let index = 0; index < strings.length; index += 2) {
    const [name, value] = strings.slice(index, index + 2) as [Buffer, Buffer];
    if (name.length === 0) {
      throw new Refusal('packet-invalid', { reason: 'bytes follow the terminator of its parameters' });
    }
    parameters.push({ name: name.toString('latin1'), value });
  }
  return parameters;
};

/**
 * The value of a parameter as UTF-8 text; the last one wins, as in PostgreSQL. Bytes that are not UTF-8
 * become U+FFFD, which no name of an account or database holds. undefined: not sent; '' and "not sent" differ
 * here.
 */
export const parameterText = (parameters: readonly StartupParameter[], name: string): string | undefined =>
  parameters.findLast((parameter) => parameter.name === name)?.value.toString('utf8');

/** `_pq_.…` names an option of the protocol and not a setting: it is never passed on. */
export const isProtocolOption = (name: string): boolean => name.startsWith('_pq_.');
