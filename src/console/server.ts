/**
 * The console's HTTP server, ready to listen: what every request goes through, in order, and the routes behind it.
 * Long answers (streams) must end in a `preClose` hook of their own, because closing waits for them.
 */

import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ConsoleDependencies } from './dependencies.ts';
import { addErrorAnswers } from './errors.ts';
import { addGatekeeping } from './gatekeeping.ts';
import { addSecurityHeaders } from './headers.ts';
import { addIdempotency } from './idempotency.ts';
import { addOpenApi } from './openapi.ts';
import type { ConsoleApp } from './request.ts';
import { addRequestLog } from './request-log.ts';
import { describeRoute } from './route-description.ts';
import { routes } from './routes/list.ts';
import { addSignInRoutes } from './routes/sign-in.ts';
import { SignedOut } from './session-cookie.ts';
import { checkStorable } from './storable-text.ts';
import { addRequestLimit, SignInThrottle } from './throttle.ts';
import { addWebPage } from './web-page.ts';

/** A signing request is the largest body; control takes 64 KiB of it. */
const bodyLimitBytes = 128 * 1024;
const requestTimeoutMs = 30_000;
/** Pages, programs and streams; the rest of the file descriptors is the gate's. */
const connectionsAtMost = 1_000;

const createApp = ({ trustProxy, tls }: ConsoleDependencies): ConsoleApp => {
  const app = fastify({
    logger: false,
    // Fastify's types have another instance for HTTPS; nothing here depends on which one it is.
    https: tls as null,
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    exposeHeadRoutes: false,
  });
  app.server.maxConnections = connectionsAtMost;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app.withTypeProvider();
};

/** No body is an empty object. Nothing but JSON: the forms of other sites cannot send that. */
const acceptJsonOnly = (app: ConsoleApp): void => {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') done(null, undefined);
    else parse(request, text as string, done);
  });
  app.addHook('preValidation', async (request) => {
    request.body ??= {};
    const { params, query, body } = request;
    checkStorable({ params, query, body });
  });
};

/** Does not listen yet; `close` ends it. */
export const buildConsole = async (deps: ConsoleDependencies): Promise<FastifyInstance> => {
  const app = createApp(deps);
  const signedOut = new SignedOut();
  acceptJsonOnly(app);
  addErrorAnswers(app, deps.log, deps.webRoot !== null);
  addRequestLog(app, deps.log);
  await addSecurityHeaders(app);
  await addRequestLimit(app);
  await app.register(cookie);
  const throttle = new SignInThrottle(deps.control.now);
  app.addHook('onRoute', describeRoute);
  await addOpenApi(app);
  await app.register(
    async (api: ConsoleApp) => {
      addGatekeeping(api, deps, signedOut, throttle);
      addIdempotency(api, deps.control.now);
      addSignInRoutes(api, deps, signedOut, throttle);
      for (const addRoutes of routes) addRoutes(api, deps);
    },
    { prefix: '/api/v1' },
  );
  if (deps.webRoot !== null) await addWebPage(app, deps.webRoot);
  return app as unknown as FastifyInstance;
};
