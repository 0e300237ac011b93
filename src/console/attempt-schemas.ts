/**
 * Attempts as the API shows them: in lists, and one by one in the stream.
 */

import { z } from 'zod';
import type { ToldAttempt } from '../control/attempts.ts';
import { type FailureCode, failures } from '../failures.ts';
import { displayAddress } from '../policy/cidr.ts';
import { connectionId, id, ofAccount, paging, time } from './schemas.ts';

const outcome = z.enum(['admitted', 'refused']);
const reason = z.enum(Object.keys(failures) as [FailureCode]);

export const attempt = z
  .object({
    id: connectionId,
    at: time.describe('When the connection was accepted; it is listed when it has ended'),
    outcome,
    reason: z
      .string()
      .nullable()
      .describe('Why it was refused, or what ended it; null: it was closed by the client'),
    title: z.string().nullable().describe('The reason as a sentence'),
    hint: z.string().nullable().describe('What to do about it'),
    sqlstate: z.string().nullable(),
    address: z.string().nullable(),
    certificate: z.string().nullable().describe('Its name; null: none that is known'),
    certificateId: id.nullable(),
    key: z.string().nullable().describe('Name of the API key; null: none was proved'),
    keyId: id.nullable(),
    database: z.string().nullable(),
    applicationName: z.string().nullable(),
    durationMs: z.number().nullable(),
    instanceId: id.nullable(),
  })
  .meta({ id: 'Attempt' });

/** The stream's `data`, without what the schema does not name. */
export const attemptJson = (told: ToldAttempt): string => JSON.stringify(attempt.parse(told));

export const attemptFilter = ofAccount.extend({
  ...paging.shape,
  outcome: outcome.optional(),
  reason: reason.optional(),
  address: z.string().max(100).transform(displayAddress).optional(),
});
