/**
 * Messages that Postern sends to a backend as its client (PostgreSQL manual, "Message Formats"). Typed
 * messages come from pg-protocol; the untyped ones are built here, because its startup() adds a
 * client_encoding that the client did not ask for, and its cancel() knows keys of four bytes only.
 */

import { serialize } from 'pg-protocol';
import { cString, int32 } from './bytes.ts';
import type { StartupParameter } from './startup.ts';

const buildPacket = (...fields: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(fields);
  return Buffer.concat([int32(body.length + 4), body]);
};

/**
 * StartupMessage of protocol 3.`minor`. Names and values go out byte for byte and in this order. Throws
 * RangeError for a NUL inside one, which could smuggle in a parameter of its own, and for an empty name.
 */
export const buildStartup = (minor: number, parameters: readonly StartupParameter[]): Buffer => {
  const fields = parameters.flatMap(({ name, value }) => {
    if (name === '') throw new RangeError('a startup parameter has no name');
    return [cString(name, 'latin1'), cString(value)];
  });
  return buildPacket(int32((3 << 16) | minor), ...fields, Buffer.of(0));
};

export const buildSslRequest = (): Buffer => serialize.requestSsl();

/** CancelRequest with the process id and secret as the backend's BackendKeyData gave them. */
export const buildCancelRequest = (processId: number, secret: Buffer): Buffer =>
  buildPacket(int32((1234 << 16) | 5678), int32(processId), secret);

/** PasswordMessage, for the cleartext and md5 requests. */
export const buildPassword = (text: string): Buffer => serialize.password(text);

export const buildSaslInitialResponse = (mechanism: string, data: string): Buffer =>
  serialize.sendSASLInitialResponseMessage(mechanism, data);

export const buildSaslResponse = (data: string): Buffer => serialize.sendSCRAMClientFinalMessage(data);

export const buildTerminate = (): Buffer => serialize.end();
