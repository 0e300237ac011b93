/**
 * Accounts in requests and answers.
 */

import { z } from 'zod';
import { checkAliases, parseAccountName } from '../control/texts.ts';
import type { Account } from '../store/accounts.ts';
import { withEtag } from './etag.ts';
import { id, parsedText, time } from './schemas.ts';

const clientCertificate = z.enum(['required', 'optional']);
const clientAuthentication = z.enum(['scram-sha-256', 'password']).nullable().describe('null: as configured');
const maxSessions = z.int().min(0).max(1_000_000).nullable().describe('null: as configured');
const parseAlias = (text: string): string => {
  checkAliases([text]);
  return text;
};
const databaseAliases = z.array(parsedText(parseAlias, 63)).max(20);
const anyAddressAllowed = z.boolean().describe('Its allowlist may contain 0.0.0.0/0 and ::/0');

export const account = z
  .object({
    id,
    name: z.string(),
    backend: z.string(),
    database: z.string(),
    databaseAliases: z.array(z.string()),
    ownerRole: z.string(),
    publicRole: z.string().nullable(),
    status: z.enum(['active', 'disabled', 'deleted']).describe('Deleted ones are not found any more'),
    clientCertificate,
    clientAuthentication,
    maxSessions,
    anyAddressAllowed,
    createdAt: time,
    etag: z.string(),
  })
  .meta({ id: 'Account' });

export const newAccount = z.strictObject({
  name: parsedText(parseAccountName, 63),
  backend: z.string().min(1).max(63).describe('One of the configuration'),
  database: z.string().min(1).max(63),
  ownerRole: z.string().min(1).max(63).describe('The role that owns the data'),
  databaseAliases: databaseAliases.default([]),
  clientCertificate: clientCertificate.default('required'),
  clientAuthentication: clientAuthentication.default(null),
  maxSessions: maxSessions.default(null),
  anyAddressAllowed: anyAddressAllowed.default(false),
});

export const accountChange = z
  .strictObject({
    status: z.enum(['active', 'disabled']),
    databaseAliases,
    clientCertificate,
    clientAuthentication,
    maxSessions,
    anyAddressAllowed,
  })
  .partial();

export const byName = z.strictObject({ name: z.string().max(63) });

/** As answers show it. */
export const shownAccount = (row: Account) => ({
  ...withEtag(row),
  databaseAliases: [...row.databaseAliases],
});
