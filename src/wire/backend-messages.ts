/**
 * Messages that Postern sends to its clients in the place of a backend (PostgreSQL manual, "Message
 * Formats"). Builds bytes and nothing else: which message is due, and what an error says, is decided
 * elsewhere.
 */

import { buildMessage, cString, int32 } from './bytes.ts';

export interface ErrorResponse {
  readonly severity: 'ERROR' | 'FATAL';
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/**
 * The text of an ErrorResponse may quote what a client sent: a NUL in it would end the field and let the rest
 * pass for fields of its own.
 */
const errorField = (code: string, text: string | undefined): Buffer[] =>
  text === undefined ? [] : [Buffer.from(code, 'latin1'), cString(text.replaceAll('\0', '\ufffd'))];

/**
 * ErrorResponse with the fields S, V, C, M and, where given, D and H (manual, "Error and Notice Message
 * Fields"). Never throws.
 */
export const buildErrorResponse = ({ severity, sqlstate, message, detail, hint }: ErrorResponse): Buffer =>
  buildMessage(
    'E',
    ...errorField('S', severity),
    ...errorField('V', severity),
    ...errorField('C', sqlstate),
    ...errorField('M', message),
    ...errorField('D', detail),
    ...errorField('H', hint),
    Buffer.of(0),
  );

/**
 * NegotiateProtocolVersion. `newestMinor` is the version that is going to be spoken: the older one of what
 * the client asked for and what Postern knows. (The manual calls the Int32 a minor version; PostgreSQL sends
 * 3 × 65536 + minor, libpq reads that, and libpq refuses a version newer than it asked for.) `unknownOptions`
 * are names as parseStartupPacket gives them; libpq refuses names that it did not send.
 */
export const buildNegotiateProtocolVersion = (
  newestMinor: number,
  unknownOptions: readonly string[],
): Buffer =>
  buildMessage(
    'v',
    int32((3 << 16) | newestMinor),
    int32(unknownOptions.length),
    ...unknownOptions.map((name) => cString(name, 'latin1')),
  );

const buildAuthentication = (code: number, ...data: readonly Buffer[]): Buffer =>
  buildMessage('R', int32(code), ...data);

export const buildAuthenticationOk = (): Buffer => buildAuthentication(0);

export const buildAuthenticationCleartextPassword = (): Buffer => buildAuthentication(3);

/** AuthenticationSASL; `mechanisms` in order of preference. */
export const buildAuthenticationSasl = (mechanisms: readonly string[]): Buffer =>
  buildAuthentication(10, ...mechanisms.map((name) => cString(name)), Buffer.of(0));

/** `data` is a byte string (one character per byte), as everything of SCRAM in this folder. */
export const buildAuthenticationSaslContinue = (data: string): Buffer =>
  buildAuthentication(11, Buffer.from(data, 'latin1'));

export const buildAuthenticationSaslFinal = (data: string): Buffer =>
  buildAuthentication(12, Buffer.from(data, 'latin1'));

/**
 * BackendKeyData; `processId` is a signed Int32, `secret` has 4 bytes in protocol 3.0 and 4 to 256 in 3.2.
 */
export const buildBackendKeyData = (processId: number, secret: Buffer): Buffer =>
  buildMessage('K', int32(processId), secret);
