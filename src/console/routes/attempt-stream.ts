/**
 * `/api/v1/attempts/stream`: attempts as they are written, as server-sent events. A stream outlives the check of the
 * request that opened it, so it is checked again while it lasts, and ends with the session that opened it.
 */

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AttemptFeed } from '../attempt-feed.ts';
import { attemptJson } from '../attempt-schemas.ts';
import { type EventStream, eventStreamType, openEventStream } from '../event-stream.ts';
import { Problem, problemFrom } from '../problem.ts';
import { type AddRoutes, accountOf } from '../request.ts';
import { ofAccount } from '../schemas.ts';

const checkEveryMs = 10_000;
const streamsPerAccount = 20;
const streams = 500;

/** Not being able to ask is no answer: the next check asks again. */
const isStillSignedIn = ({ identifyAgain }: FastifyRequest): Promise<boolean> =>
  identifyAgain().then(
    (identity) => identity !== null,
    (error: unknown) => problemFrom(error).code === 'unavailable',
  );

export const addAttemptStreamRoutes: AddRoutes = (app, { control, log }) => {
  const feed = new AttemptFeed({ store: control.store, log });
  const open = new Set<EventStream>();
  app.addHook('preClose', async () => {
    for (const stream of open) stream.end();
  });

  app.get(
    '/attempts/stream',
    {
      config: { access: 'account', background: true },
      schema: {
        tags: ['Activity'],
        summary: 'Follow attempts as server-sent events',
        description:
          'Events named "attempt", whose data is an Attempt as JSON and whose id is its id. Those of the last seconds come first; comments in between keep the connection alive.',
        querystring: ofAccount,
        response: {
          200: { description: 'Events', content: { [eventStreamType]: { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const account = accountOf(request);
      const count = feed.count(account);
      if (count.account >= streamsPerAccount || count.all >= streams) {
        throw new Problem('rate-limited', 'Too many streams are open: close a page that shows them.', {
          headers: { 'retry-after': '60' },
        });
      }
      const stream = openEventStream(() => {
        clearInterval(timer);
        unfollow();
        open.delete(stream);
      });
      const unfollow = feed.follow(account, (told) => stream.send('attempt', told.id, attemptJson(told)));
      const timer = setInterval(async () => {
        stream.comment('still here');
        if (!(await isStillSignedIn(request))) stream.end();
      }, checkEveryMs);
      open.add(stream);
      reply.type(eventStreamType).header('x-accel-buffering', 'no');
      return reply.send(stream.body as never);
    },
  );
};
