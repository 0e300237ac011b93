/**
 * `/api/v1/attempts`: who tried to connect and how it ended, as a list and as it happens.
 */

import { z } from 'zod';
import { listAttempts } from '../../control/attempts.ts';
import { attempt, attemptFilter } from '../attempt-schemas.ts';
import { decodeCursor, encodeCursor } from '../pagination.ts';
import { type AddRoutes, accountOf } from '../request.ts';
import { connectionId, page } from '../schemas.ts';

/** The id of the last attempt of the page. */
const attemptCursor = z.tuple([connectionId]);

export const addAttemptRoutes: AddRoutes = (app, deps) => {
  app.get(
    '/attempts',
    {
      config: { access: 'account' },
      schema: {
        tags: ['Activity'],
        summary: 'List connections that were tried and have ended, newest first',
        querystring: attemptFilter,
        response: { 200: page(attempt) },
      },
    },
    async (request) => {
      const { limit, cursor, outcome, reason, address } = request.query;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, attemptCursor)[0];
      const filter = { limit: limit + 1, before, outcome, reason, address };
      const found = await listAttempts(deps.control, accountOf(request).name, filter);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, nextCursor: found.length > limit && last ? encodeCursor([last.id]) : null };
    },
  );
};
