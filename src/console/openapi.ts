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

interface Document {
  readonly paths?: unknown;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

const referredBy = (value: unknown): string[] =>
  [...JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  );

/** Without the schemas that no route refers to: of each, a form for requests and one for answers is made. */
const withoutUnused = <Whole extends object>(document: Whole): Whole => {
  const { paths, components = {} }: Document = document;
  const { schemas = {} } = components;
  const used = new Set<string>();
  const waiting = referredBy(paths);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    waiting.push(...referredBy(schemas[name]));
  }
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...document, components: { ...components, schemas: kept } };
};

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
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  });
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.get('/api/docs', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(app.swagger() as OpenApiDocument)),
  );
  app.get('/api/docs.css', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/css; charset=utf-8').send(docsStyle),
  );
};
