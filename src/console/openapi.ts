/**
 * The OpenAPI 3.1 document, generated from the routes' schemas.
 */

import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { version } from '../program.ts';
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
        description: 'Addresses, certificates and API keys of an account, and what they do at the gate.',
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
};
