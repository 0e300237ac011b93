/**
 * Address rules and requests for them, as the API shows and takes them.
 */

import { z } from 'zod';
import { parseLabel } from '../control/texts.ts';
import { parseCidr } from '../policy/cidr.ts';
import { checkExpiry, expiry, id, parsedText, time } from './schemas.ts';

export const addressRule = z
  .object({
    id,
    cidr: z.string(),
    label: z.string(),
    expiresAt: time.nullable(),
    createdBy: z.string(),
    createdAt: time,
    etag: z.string(),
  })
  .meta({ id: 'AddressRule' });

const label = parsedText(parseLabel, 400).describe('Whose address it is; up to 200 characters');

export const newRule = z
  .strictObject({
    cidr: parsedText((text) => parseCidr(text).cidr, 100).describe(
      'An address or network: 203.0.113.7, 203.0.113.0/24, 2001:db8::/32',
    ),
    label: label.default(''),
    ...expiry,
  })
  .superRefine(checkExpiry);

export const ruleChange = z.strictObject({ label: label.optional(), ...expiry }).superRefine(checkExpiry);
