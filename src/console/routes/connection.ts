/**
 * `/api/v1/connection`: how clients of an account connect: host, port and names, text to paste, files to download, and
 * a guide for each client. Nothing in it is secret.
 */

import { z } from 'zod';
import { buildPasteReady } from '../guides/downloads.ts';
import { fillGuides, type Guide, loadGuides } from '../guides/load.ts';
import { type AddRoutes, accountOf } from '../request.ts';
import { ofAccount } from '../schemas.ts';

const connection = z
  .object({
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string().describe("The account's name"),
    guides: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        html: z.string().describe('Safe to put into a page below a third-level heading'),
      }),
    ),
    downloads: z.array(z.object({ fileName: z.string(), mediaType: z.string(), content: z.string() })),
    jdbcUrl: z.string(),
    odbcConnectionString: z.string(),
    psqlCommand: z.string(),
  })
  .meta({ id: 'Connection' });

export const addConnectionRoutes: AddRoutes = (app, deps) => {
  let guides: readonly Guide[] = [];
  app.addHook('onReady', async () => {
    guides = await loadGuides();
  });

  app.get(
    '/connection',
    {
      config: { access: 'account' },
      schema: {
        tags: ['Connecting'],
        summary: 'How to connect, for each kind of client',
        querystring: ofAccount,
        response: { 200: connection },
      },
    },
    async (request) => {
      const { name: user, database } = accountOf(request);
      const facts = { ...deps.public, database, user };
      return { ...facts, ...buildPasteReady(facts), guides: fillGuides(guides, facts) };
    },
  );
};
