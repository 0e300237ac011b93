/**
 * `/api/v1/api-keys/:id/…`: other grants, another text, the end. Keys are meant by id: a name may be another's by now.
 */

import { z } from 'zod';
import { rotateKey } from '../../control/api-keys.ts';
import { setKeyGrants } from '../../control/key-grants.ts';
import { revokeKey } from '../../control/key-revocation.ts';
import { existingKey, shownKey } from '../api-key-answers.ts';
import { apiKey, newGrants, rotatedKey } from '../api-key-schemas.ts';
import { etagOf, requiredExpectationOf } from '../etag.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { byId, idempotencyKey, ifMatch, ofAccount, revocation } from '../schemas.ts';
import { perAccount } from '../throttle.ts';

const tags = ['API keys'];

export const addApiKeyChangeRoutes: AddRoutes = (app, deps) => {
  const { now } = deps.control;

  app.put(
    '/api-keys/:id/grants',
    {
      config: { access: 'account', revised: 'required' },
      schema: {
        tags,
        summary: 'Replace what an API key may do',
        params: byId,
        querystring: ofAccount,
        headers: ifMatch,
        body: newGrants,
        response: { 200: apiKey },
      },
    },
    async (request, reply) => {
      const { name } = accountOf(request);
      const expect = requiredExpectationOf(request);
      const { id } = await existingKey(deps, name, request.params.id);
      const key = await setKeyGrants(contextOf(request, deps), name, { id }, request.body.grants, expect);
      reply.header('etag', etagOf(key));
      return shownKey(key, now());
    },
  );

  app.post(
    '/api-keys/:id/revoke',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'Refuse an API key from now on, end its sessions, remove its role',
        params: byId,
        querystring: ofAccount,
        body: revocation,
        response: {
          200: z.object({
            key: apiKey,
            unfinished: z.string().nullable().describe('Why its role is still there; it is removed later'),
          }),
        },
      },
    },
    async (request) => {
      const { name } = accountOf(request);
      const key = await existingKey(deps, name, request.params.id);
      if (key.state === 'revoked') return { key: shownKey(key, now()), unfinished: null };
      const revoked = await revokeKey(contextOf(request, deps), name, { id: key.id }, request.body.reason);
      return { key: shownKey(revoked.key, now()), unfinished: revoked.unfinished };
    },
  );

  app.post(
    '/api-keys/:id/rotate',
    {
      config: { access: 'account', creates: true, rateLimit: perAccount(30) },
      schema: {
        tags,
        summary: 'Give an API key another text; the old one is refused from now on',
        params: byId,
        querystring: ofAccount,
        headers: idempotencyKey,
        response: { 200: rotatedKey },
      },
    },
    async (request) => {
      const { name } = accountOf(request);
      const { id } = await existingKey(deps, name, request.params.id);
      const { key, text, unfinished } = await rotateKey(contextOf(request, deps), name, { id });
      return { key: shownKey(key, now()), text, unfinished };
    },
  );
};
