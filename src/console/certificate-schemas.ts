/**
 * Certificates and requests for them, as the API shows and takes them.
 */

import { z } from 'zod';
import { parseCertificateName } from '../control/texts.ts';
import { id, parsedText, time } from './schemas.ts';

export const certificate = z
  .object({
    id,
    name: z.string(),
    status: z.enum(['active', 'expired', 'revoked']),
    serial: z.string(),
    fingerprintSha256: z.string(),
    issuedFrom: z.enum(['key', 'csr']).describe('csr: the private key never left its owner'),
    notBefore: time,
    notAfter: time,
    revokedAt: time.nullable(),
    revokeReason: z.string().nullable(),
    lastUsedAt: time.nullable(),
    createdBy: z.string(),
    createdAt: time,
  })
  .meta({ id: 'Certificate' });

export const liveSessions = z.int().describe('How many sessions use it at this moment');

export const createdCertificate = z.object({
  certificate,
  fileName: z.string().describe('For the ZIP; safe on every operating system'),
  files: z.array(
    z.object({
      name: z.string(),
      mode: z.string().describe('Unix permissions, octal: keys must not be readable by others'),
      encoding: z.enum(['utf8', 'base64']),
      content: z.string(),
    }),
  ),
  zip: z.base64().describe('The same files as ZIP'),
});

/** At most; the authority has its own limit, which the answer names. */
const csrLength = 65_536;

export const newCertificate = z.strictObject({
  name: parsedText(parseCertificateName, 200).describe('One per computer, as in "Laptop of Ann"'),
  days: z.int().min(1).optional().describe('How long it is valid; without it, as the operator says'),
  csr: z.string().max(csrLength).optional().describe('PKCS#10, PEM: sign this, the key stays with you'),
});
