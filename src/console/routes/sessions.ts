/**
 * `/api/v1/sessions`: who is connected right now, through any instance, and ending one.
 */

import { z } from 'zod';
import { endSession, listSessions } from '../../control/sessions.ts';
import { notFound } from '../problem.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { connectionId, id, nothing, ofAccount, time } from '../schemas.ts';

const tags = ['Activity'];
const endsWithinMs = 5_000;

const session = z
  .object({
    id: connectionId,
    address: z.string(),
    certificate: z.string().nullable().describe('Its name; null: none was shown'),
    certificateId: id.nullable(),
    key: z.string().nullable().describe('Name of the API key'),
    keyId: id,
    applicationName: z.string(),
    startedAt: time,
    instanceId: id,
  })
  .meta({ id: 'Session' });

export const addSessionRoutes: AddRoutes = (app, deps) => {
  app.get(
    '/sessions',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'List live sessions, longest first',
        querystring: ofAccount,
        response: { 200: z.object({ items: z.array(session) }) },
      },
    },
    async (request) => ({ items: await listSessions(deps.control, accountOf(request).name) }),
  );

  app.delete(
    '/sessions/:id',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'End a session; its client is told',
        params: z.strictObject({ id: connectionId }),
        querystring: ofAccount,
        description:
          'Answers when it is gone; 202: it was told to end and is still there after some seconds.',
        response: { 202: nothing, 204: nothing },
      },
    },
    async (request, reply) => {
      const wanted = request.params.id;
      const live = await listSessions(deps.control, accountOf(request).name);
      if (!live.some((each) => each.id === wanted)) throw notFound('such session; perhaps it has just ended');
      const { gone } = await endSession(contextOf(request, deps), wanted, endsWithinMs);
      reply.code(gone ? 204 : 202);
    },
  );
};
