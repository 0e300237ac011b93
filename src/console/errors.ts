/**
 * The end of every request that fails: one problem document, and for what is our fault a line in the log.
 */

import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Log } from '../telemetry/log.ts';
import { invalid, Problem, problemBody, problemFrom, problemKinds } from './problem.ts';
import type { ConsoleApp } from './request.ts';
import { opensPage } from './web-page.ts';

const partsOf: Readonly<Record<string, string>> = { querystring: 'query' };

const fromValidation = (error: unknown): Problem | null => {
  if (!hasZodFastifySchemaValidationErrors(error)) return null;
  const { validationContext = 'body' } = error as { validationContext?: string };
  const part = partsOf[validationContext] ?? validationContext;
  return invalid(
    error.validation.map(({ instancePath, message = 'It is not valid.' }) => ({
      path: [part, ...instancePath.split('/').filter((name) => name !== '')].join('.'),
      message: /[.!?]$/.test(message) ? message : `${message}.`,
    })),
  );
};

/** @param hasPage unknown paths that a browser opens are the page's */
export const addErrorAnswers = (app: ConsoleApp, log: Log, hasPage: boolean): void => {
  app.setErrorHandler((error, request, reply) => {
    const problem = fromValidation(error) ?? problemFrom(error);
    const { status } = problemKinds[problem.code];
    if (status >= 500)
      log.error({ error: problem.cause ?? error, request: request.id }, 'console request failed');
    reply
      .code(status)
      .headers(problem.headers)
      .type('application/problem+json')
      .serializer(JSON.stringify)
      .send(problemBody(problem, request.id));
  });
  app.setNotFoundHandler(async (request, reply) => {
    if (hasPage && opensPage(request)) return reply.sendFile('index.html');
    throw new Problem('not-found', 'There is nothing at this address.');
  });
};
