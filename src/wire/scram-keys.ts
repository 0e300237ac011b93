/**
 * The keys of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677) and the three primitives over them.
 *
 * SASLprep is not applied: it leaves printable ASCII unchanged, and the API keys and role passwords that pass
 * here are Postern's own and ASCII. Another password is used as its UTF-8 bytes, which is also what
 * PostgreSQL does with one that SASLprep rejects. pbkdf2Sync blocks: about a millisecond at 4096 rounds.
 */

import { createHmac, hash, pbkdf2Sync } from 'node:crypto';

export const scramKeyBytes = 32;

export interface ScramKeys {
  readonly saltedPassword: Buffer;
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export const hmacSha256 = (key: Buffer, data: Buffer | string): Buffer =>
  createHmac('sha256', key).update(data).digest();

export const sha256 = (data: Buffer): Buffer => hash('sha256', data, 'buffer');

/** ClientProof = ClientKey XOR ClientSignature, and back again: XOR is its own inverse. */
export const xor = (left: Buffer, right: Buffer): Buffer => {
  const result = Buffer.allocUnsafe(left.length);
  for (let index = 0; index < left.length; index++) {
    result[index] = (left[index] as number) ^ (right[index] as number);
  }
  return result;
};

/** SaltedPassword := Hi(password, salt, iterations): the only expensive step, worth caching. */
export const saltPassword = (password: string, salt: Buffer, iterations: number): Buffer =>
  pbkdf2Sync(password, salt, iterations, scramKeyBytes, 'sha256');

export const deriveScramKeysFromSalted = (saltedPassword: Buffer): ScramKeys => {
  const clientKey = hmacSha256(saltedPassword, 'Client Key');
  return {
    saltedPassword,
    clientKey,
    storedKey: sha256(clientKey),
    serverKey: hmacSha256(saltedPassword, 'Server Key'),
  };
};

export const deriveScramKeys = (password: string, salt: Buffer, iterations: number): ScramKeys =>
  deriveScramKeysFromSalted(saltPassword(password, salt, iterations));
