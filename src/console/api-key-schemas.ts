/**
 * API keys, their grants and requests for them, as the API shows and takes them.
 */

import { z } from 'zod';
import { parseKeyName } from '../control/texts.ts';
import { formatGrant, parseGrant, tablePermissions } from '../policy/grants.ts';
import { checkExpiry, expiry, id, parsedText, time } from './schemas.ts';

const permissions = z.array(z.enum(tablePermissions));

export const grant = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('table'), schema: z.string(), table: z.string(), permissions }),
    z.object({ kind: z.literal('schema'), schema: z.string(), permissions }),
    z.object({ kind: z.literal('create'), schema: z.string() }),
  ])
  .meta({ id: 'Grant' });

export const apiKey = z
  .object({
    id,
    name: z.string(),
    kind: z.enum(['master', 'default_public', 'regular']),
    status: z.enum(['active', 'expired', 'provisioning', 'revoking', 'revoked']),
    hint: z.string().describe('The last four characters of its text'),
    roleName: z.string().describe('The database role behind it'),
    grants: z.array(z.string()).describe('As texts, which can be sent again'),
    grantItems: z.array(grant).describe('The same as values'),
    grantsApplied: z.boolean().describe('false: the backend does not have them yet'),
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    revokeReason: z.string().nullable(),
    rotatedAt: time.nullable(),
    lastUsedAt: time.nullable(),
    createdBy: z.string(),
    createdAt: time,
    etag: z.string(),
  })
  .meta({ id: 'ApiKey' });

export const createdKey = z.object({
  key: apiKey,
  text: z.string().describe('The API key itself: shown this once'),
});

export const rotatedKey = createdKey.extend({
  unfinished: z.string().nullable().describe('Why the backend has not followed yet; null: it has'),
});

const grantsAtMost = 500;

const grants = z
  .array(parsedText((text) => formatGrant(parseGrant(text)), 400))
  .max(grantsAtMost)
  .describe('As "select, insert on public.roads", "select on all in gis" or "create in staging"');

const grantsOfKind = (
  { kind, grants: given }: { readonly kind: string; readonly grants: readonly string[] },
  context: z.RefinementCtx,
): void => {
  if (kind === 'master' && given.length > 0) {
    context.addIssue({
      code: 'custom',
      path: ['grants'],
      message: 'A master key has every right of its account and takes no grants.',
    });
  }
};

export const newKey = z
  .strictObject({
    name: parsedText(parseKeyName, 200),
    kind: z.enum(['master', 'default_public', 'regular']).default('regular'),
    grants: grants.default([]),
    ...expiry,
  })
  .superRefine(checkExpiry)
  .superRefine(grantsOfKind);

export const newGrants = z.strictObject({ grants });

export const grantable = z.object({
  schemas: z.array(
    z.object({
      name: z.string(),
      create: z.boolean().describe('"create" can be granted'),
      tables: z.array(
        z.object({
          name: z.string(),
          kind: z.enum(['table', 'view', 'materialized view', 'foreign table']),
          permissions,
        }),
      ),
    }),
  ),
});
