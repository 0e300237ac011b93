/**
 * `/api/v1/grantable`: what the API keys of an account can be granted, for pickers.
 */

import { listGrantable } from '../../control/key-grants.ts';
import { grantable } from '../api-key-schemas.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { ofAccount } from '../schemas.ts';

const tags = ['API keys'];

export const addGrantableRoutes: AddRoutes = (app, deps) => {
  app.get(
    '/grantable',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'The schemas and tables that API keys can be granted',
        querystring: ofAccount,
        response: { 200: grantable },
      },
    },
    async (request) => {
      const schemas = await listGrantable(contextOf(request, deps), accountOf(request).name);
      return {
        // A key that cannot be let into a schema can be granted nothing in it.
        schemas: schemas
          .filter(({ usage }) => usage)
          .map(({ tables, ...schema }) => ({
            ...schema,
            tables: tables.map((table) => ({ ...table, permissions: [...table.permissions] })),
          })),
      };
    },
  );
};
