/**
 * The OpenAPI 3.1 document, generated from the routes' schemas, and the same as a page for people. Both are public:
 * they hold nothing that the sources do not.
 */

import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { version } from '../program.ts';
import { docsPage, type OpenApiDocument } from './docs-page.ts';
import { docsStyle } from './docs-style.ts';
import type { ConsoleApp } from './request.ts';
import { cookieName } from './session-cookie.ts';

/** Before the routes that it shall know. */
export const addOpenApi = async (app: ConsoleApp): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Postern console',
        version,
        description:
          'Addresses, certificates and API keys of an account, and what they do at the gate. Errors are problem details (RFC 9457); `code` tells them apart.',
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: cookieName, description: 'Set by POST /sign-in' },
          bearer: { type: 'http', scheme: 'bearer', description: "A master key, or the operators' token" },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.get('/api/docs', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(app.swagger() as OpenApiDocument)),
  );
  app.get('/api/docs.css', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/css; charset=utf-8').send(docsStyle),
  );
};
