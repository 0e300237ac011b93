/**
 * Typed messages of the login phase, from bytes to values (PostgreSQL manual, "Message Formats"): from a
 * client its password and SASL answers, from a backend what it says before the relay starts. After that
 * nobody reads messages: frames.ts only follows their headers.
 *
 * Every length is checked to the byte. A malformed message of a client is Refusal('message-invalid'), one of
 * a backend Refusal('backend-misbehaved'); nothing else is thrown.
 */

import { Refusal } from '../errors.ts';
import { splitCStrings } from './bytes.ts';

/** PG_MAX_SASL_MESSAGE_LENGTH and PG_MAX_AUTH_TOKEN_LENGTH: what PostgreSQL takes as body of an answer. */
export const maxSaslMessageBytes = 1024;
export const maxPasswordMessageBytes = 65_535;

export type Peer = 'client' | 'backend';

const malformed = (peer: Peer, reason: string): Refusal =>
  new Refusal(peer === 'client' ? 'message-invalid' : 'backend-misbehaved', { reason });

/**
 * The five-byte header of a typed message. `type` is its type byte, `bodyBytes` what follows the header.
 * Refuses, in the name of `peer`, a length below 4 and a body longer than `maxBytes`.
 */
export const parseMessageHeader = (
  header: Buffer,
  maxBytes: number,
  peer: Peer = 'client',
): { type: number; bodyBytes: number } => {
  const bodyBytes = header.readInt32BE(1) - 4;
  if (bodyBytes < 0) throw malformed(peer, 'a message is shorter than its own length');
  if (bodyBytes > maxBytes) throw malformed(peer, `a message has ${bodyBytes} bytes, more than ${maxBytes}`);
  return { type: header.readUInt8(0), bodyBytes };
};

/** PasswordMessage: one string and nothing behind it; may be empty (QGIS tries that first). */
export const parsePasswordMessage = (body: Buffer): string => {
  const strings = splitCStrings(body);
  const [password] = strings ?? [];
  if (password === undefined || strings?.length !== 1) {
    throw malformed('client', 'a password message is not one string');
  }
  return password.toString('utf8');
};

/** SASL data: a byte string, one character per byte, because a user name in it may be in any encoding. */
const saslData = (data: Buffer, peer: Peer): string => {
  if (data.length === 0) throw malformed(peer, 'a SASL message is empty');
  if (data.includes(0)) throw malformed(peer, 'a SASL message holds a NUL byte');
  return data.toString('latin1');
};

/**
 * SASLInitialResponse. PostgreSQL also takes one without data (length -1) and asks again; no client is known
 * to send it, and SCRAM is client-first, so it is refused.
 */
export const parseSaslInitialResponse = (body: Buffer): { mechanism: string; data: string } => {
  const mechanismEnd = body.indexOf(0);
  const dataStart = mechanismEnd + 5;
  if (mechanismEnd === -1 || body.length < dataStart) {
    throw malformed('client', 'a SASL initial response is cut off');
  }
  if (body.readInt32BE(mechanismEnd + 1) !== body.length - dataStart) {
    throw malformed('client', 'the length in a SASL initial response is wrong');
  }
  return {
    mechanism: body.toString('latin1', 0, mechanismEnd),
    data: saslData(body.subarray(dataStart), 'client'),
  };
};

export const parseSaslResponse = (body: Buffer): string => saslData(body, 'client');

export type Authentication =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly data: string }
  | { readonly kind: 'sasl-final'; readonly data: string }
  | { readonly kind: 'unsupported'; readonly code: number };

/** The body of a backend's 'R' message. */
export const parseAuthentication = (body: Buffer): Authentication => {
  if (body.length < 4) throw malformed('backend', 'an authentication request has no code');
  const code = body.readInt32BE();
  const data = body.subarray(4);
  switch (code) {
    case 0:
      expectBytes(data, 0);
      return { kind: 'ok' };
    case 3:
      expectBytes(data, 0);
      return { kind: 'cleartext' };
    case 5:
      expectBytes(data, 4);
      return { kind: 'md5', salt: Buffer.from(data) };
    case 10:
      return { kind: 'sasl', mechanisms: parseMechanisms(data) };
    case 11:
      return { kind: 'sasl-continue', data: saslData(data, 'backend') };
    case 12:
      return { kind: 'sasl-final', data: saslData(data, 'backend') };
    default:
      return { kind: 'unsupported', code };
  }
};

const expectBytes = (data: Buffer, bytes: number): void => {
  if (data.length === bytes) return;
  throw malformed('backend', `an authentication request has ${data.length} bytes of data, not ${bytes}`);
};

const parseMechanisms = (data: Buffer): string[] => {
  const names = splitCStrings(data)?.map((name) => name.toString('latin1'));
  if (names === undefined || names.pop() !== '' || names.includes('')) {
    throw malformed('backend', 'its list of SASL mechanisms is malformed');
  }
  return names;
};

/** BackendKeyData. The secret is a copy: it lives as long as the session. */
export const parseBackendKeyData = (body: Buffer): { processId: number; secret: Buffer } => {
  const secretBytes = body.length - 4;
  if (secretBytes < 4 || secretBytes > 256) throw malformed('backend', 'its cancel key has a wrong length');
  return { processId: body.readInt32BE(), secret: Buffer.from(body.subarray(4)) };
};

/** ParameterStatus: a setting as the backend reports it. */
export const parseParameterStatus = (body: Buffer): { name: string; value: string } => {
  const [name, value, ...more] = splitCStrings(body) ?? [];
  if (name === undefined || value === undefined || more.length > 0) {
    throw malformed('backend', 'a parameter status is not two strings');
  }
  return { name: name.toString('latin1'), value: value.toString('latin1') };
};

export interface ErrorFields {
  /** Not localised where the backend is newer than 9.5; '' when missing. */
  readonly severity: string;
  /** Five characters; XX000 when missing or malformed. */
  readonly sqlstate: string;
  readonly message: string;
  /** '' when missing. */
  readonly detail: string;
  readonly hint: string;
}

/**
 * What people, the log and the metrics need of an ErrorResponse. Never throws: the bytes go on to the client as they
 * are, and an error without SQLSTATE crashed other proxies (CVE-2026-6666).
 */
export const parseErrorFields = (body: Buffer): ErrorFields => {
  const fields = new Map<string, string>();
  for (const field of splitCStrings(body) ?? [])
    fields.set(field.toString('latin1', 0, 1), field.toString('utf8', 1));
  const sqlstate = fields.get('C') ?? '';
  return {
    severity: fields.get('V') ?? fields.get('S') ?? '',
    sqlstate: /^[0-9A-Z]{5}$/.test(sqlstate) ? sqlstate : 'XX000',
    message: fields.get('M') ?? '',
    detail: fields.get('D') ?? '',
    hint: fields.get('H') ?? '',
  };
};
