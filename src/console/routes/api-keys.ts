/**
 * `/api/v1/api-keys`: the API keys of an account, listed and made. The text of a key is in the answer that makes it,
 * and nowhere else.
 */

import { createKey, listKeys } from '../../control/api-keys.ts';
import { existingKey, shownKey } from '../api-key-answers.ts';
import { apiKey, createdKey, newKey } from '../api-key-schemas.ts';
import { etagOf } from '../etag.ts';
import { pageOf } from '../pagination.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { byId, expiryOf, idempotencyKey, ofAccount, page, paging } from '../schemas.ts';
import { perAccount } from '../throttle.ts';

const tags = ['API keys'];

export const addApiKeyRoutes: AddRoutes = (app, deps) => {
  const { now } = deps.control;

  app.get(
    '/api-keys',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'List all API keys, revoked ones too',
        querystring: ofAccount.extend(paging.shape),
        response: { 200: page(apiKey) },
      },
    },
    async (request) => {
      const keys = await listKeys(deps.control, accountOf(request).name);
      return pageOf(
        keys.map((key) => shownKey(key, now())),
        request.query,
      );
    },
  );

  app.get(
    '/api-keys/:id',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'One API key',
        params: byId,
        querystring: ofAccount,
        response: { 200: apiKey },
      },
    },
    async (request, reply) => {
      const key = await existingKey(deps, accountOf(request).name, request.params.id);
      reply.header('etag', etagOf(key));
      return shownKey(key, now());
    },
  );

  app.post(
    '/api-keys',
    {
      config: { access: 'account', creates: true, rateLimit: perAccount(30) },
      schema: {
        tags,
        summary: 'Create an API key with a role of its own; its text is answered once',
        querystring: ofAccount,
        headers: idempotencyKey,
        body: newKey,
        response: { 201: createdKey },
      },
    },
    async (request, reply) => {
      const { name, kind, grants } = request.body;
      const created = await createKey(contextOf(request, deps), accountOf(request).name, {
        name,
        kind,
        grants,
        expiresAt: expiryOf(request.body, now()),
      });
      reply.code(201).header('etag', etagOf(created.key));
      return { key: shownKey(created.key, now()), text: created.text };
    },
  );
};
