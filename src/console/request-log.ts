/**
 * One line of the log per request: the route's pattern, never the address or the body, which may hold secrets.
 */

import type { Log } from '../telemetry/log.ts';
import { actorOf, type ConsoleApp } from './request.ts';

export const addRequestLog = (app: ConsoleApp, log: Log): void => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        actor: request.identity ? actorOf(request.identity) : null,
        account: request.account?.name ?? null,
        address: request.ip,
        request: request.id,
      },
      'console request',
    );
  });
};
