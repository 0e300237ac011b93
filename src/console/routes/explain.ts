/**
 * `/api/v1/explain`: would a client be let in, and what decides it.
 */

import { z } from 'zod';
import { explain } from '../../control/explain.ts';
import { RequestError } from '../../errors.ts';
import { displayAddress, parseAddress } from '../../policy/cidr.ts';
import { Problem } from '../problem.ts';
import { type AddRoutes, accountOf } from '../request.ts';
import { ofAccount } from '../schemas.ts';

const told = z
  .object({
    reason: z.string(),
    sqlstate: z.string().nullable(),
    message: z.string(),
    hint: z.string().nullable(),
  })
  .meta({ id: 'Told' })
  .describe('As the client would see it');

const explanation = z
  .object({
    account: z.string(),
    admitted: z.boolean(),
    told: told.nullable().describe('By the first lock that stays closed; null: the client would be admitted'),
    locks: z
      .array(
        z.object({
          lock: z.enum(['account', 'certificate', 'address', 'key']),
          opens: z.boolean(),
          verdicts: z.array(
            z.object({
              name: z.string().nullable(),
              opens: z.boolean(),
              because: z.string(),
              told: told.nullable(),
            }),
          ),
        }),
      )
      .describe('In the order in which the gate asks'),
  })
  .meta({ id: 'Explanation' });

const address = z
  .string()
  .trim()
  .max(100)
  .refine((text) => parseAddress(text) !== undefined, 'Write one address, like 203.0.113.7 or 2001:db8::7.')
  .transform(displayAddress);
const name = z.string().min(1).max(200);

/** Absent and null mean the same: judge all that the account has. */
const question = z.strictObject({
  address: address.nullable().optional(),
  certificate: name.nullable().optional().describe('Its name'),
  key: name.nullable().optional().describe('Name of the API key'),
});

export const addExplainRoutes: AddRoutes = (app, deps) => {
  app.post(
    '/explain',
    {
      config: { access: 'account' },
      schema: {
        tags: ['Activity'],
        summary: 'Would a client be let in, and what decides it? Changes nothing',
        querystring: ofAccount,
        body: question,
        response: { 200: explanation },
      },
    },
    async (request) => {
      const { address = null, certificate = null, key = null } = request.body;
      const { locks, ...answer } = await explain(deps.control, accountOf(request).name, {
        address,
        certificate,
        key,
      }).catch((error: unknown) => {
        // What is left after the schema: a certificate or key of a name that the account never had.
        throw error instanceof RequestError ? new Problem('not-found', error.message) : error;
      });
      return { ...answer, locks: locks.map((lock) => ({ ...lock, verdicts: [...lock.verdicts] })) };
    },
  );
};
