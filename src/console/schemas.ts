/**
 * Values that several routes share, as zod schemas: they check requests, whitelist what answers hold, and are what
 * the OpenAPI document is made of. Texts are checked by the same functions as in control, so that a request is refused
 * with all its problems before anything is touched.
 */

import { z } from 'zod';
import { parseDurationMs } from '../config/scalars.ts';
import { parseReason } from '../control/texts.ts';
import { RequestError } from '../errors.ts';
import { problemKinds } from './problem.ts';

/** A string that `parse` accepts; its RequestError becomes the problem that is reported. */
export const parsedText = <Value>(parse: (text: string) => Value, maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text, context): Value => {
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    });

export const id = z.uuid();
/** Of a connection, its session and its attempt. */
export const connectionId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const byId = z.strictObject({ id });

/** In answers; ISO 8601 on the wire. */
export const time = z.date();

/** ISO 8601 has four digits for a year; the offset of the last hours of 9999 can lead beyond. */
const latestYear = 9999;
const moment = z.iso
  .datetime({ offset: true, abort: true })
  .transform((text) => new Date(text))
  .refine((date) => date.getUTCFullYear() <= latestYear, `It is after the year ${latestYear}, in UTC.`);
const duration = parsedText(parseDurationMs, 16).describe('As 15m, 8h or 90d');

/** Of what ends by itself: a moment, or a time from now; neither: it does not end. */
export const expiry = {
  expiresAt: moment.nullable().optional(),
  expiresIn: duration.optional(),
};

interface Expiry {
  readonly expiresAt?: Date | null | undefined;
  readonly expiresIn?: number | undefined;
}

/** For `superRefine` on a body with `expiry`. */
export const checkExpiry = ({ expiresAt, expiresIn }: Expiry, context: z.RefinementCtx): void => {
  if (expiresAt && expiresIn !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['expiresIn'],
      message: 'Give expiresAt or expiresIn, not both.',
    });
  }
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    context.addIssue({
      code: 'custom',
      path: ['expiresAt'],
      message: 'It is past: give a moment in the future.',
    });
  }
};

export const expiryOf = ({ expiresAt, expiresIn }: Expiry, nowMs: number): Date | null =>
  expiresIn === undefined ? (expiresAt ?? null) : new Date(nowMs + expiresIn);

/** For all that belongs to an account. */
export const ofAccount = z.strictObject({
  account: z
    .string()
    .optional()
    .describe('Whose; operators must name it, owners need not and can name only their own.'),
});

export const paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before'),
});

export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('null: this is the last page'),
  });

/** Of certificates and API keys alike. */
export const revocation = z.strictObject({
  reason: parsedText((text) => parseReason(text), 400)
    .nullable()
    .default(null),
});

/** For what is changed or removed only as it was seen. */
export const ifMatch = z.object({
  'if-match': z.string().optional().describe('The `ETag` (or `etag`) of what you saw'),
});

/** For what is created. */
export const idempotencyKey = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, 'Use 1 to 64 printable ASCII characters without spaces.')
    .optional()
    .describe('A repeated request with the same key and body gets the first answer, for 10 minutes'),
});

export const nothing = z.undefined().describe('Done');

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('One sentence: what happened, what was seen, what to do'),
    code: z.enum(Object.keys(problemKinds) as [keyof typeof problemKinds]),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem' });
