/**
 * The answer to AuthenticationMD5Password (PostgreSQL manual, "Start-up"), for backends that still ask for
 * it.
 */

import { hash } from 'node:crypto';

/** `'md5' + md5(md5(password + user) + salt)`; `salt` is the request's four bytes. */
export const buildMd5Password = (user: string, password: string, salt: Buffer): string => {
  const inner = hash('md5', password + user, 'hex');
  return `md5${hash('md5', Buffer.concat([Buffer.from(inner, 'latin1'), salt]), 'hex')}`;
};
