/**
 * Role passwords as PostgreSQL keeps them in `pg_authid`: the verifier is computed here, so that the password itself
 * never reaches the backend, its log or `pg_stat_activity`. PostgreSQL manual §52.8; RFC 5803.
 */

import { randomBytes } from 'node:crypto';
import { deriveScramKeys } from '../wire/scram-keys.ts';

/** PostgreSQL's own default, `scram_iterations`; the password is random, so more would only cost time. */
const iterations = 4096;
const saltBytes = 16;

/** 192 random bits, printable, without characters that any layer would need to escape. */
export const createRolePassword = (): string => randomBytes(24).toString('base64url');

/** `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` for `CREATE ROLE … PASSWORD`. */
export function buildScramVerifier(password: string): string {
  const salt = randomBytes(saltBytes);
  const { storedKey, serverKey } = deriveScramKeys(password, salt, iterations);
  const keys = `${storedKey.toString('base64')}:${serverKey.toString('base64')}`;
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${keys}`;
}
