/**
 * `/api/v1/address-rules`: the allowlist of an account, one rule at a time.
 */

import { addAddressRule, listAddressRules } from '../../control/address-rules.ts';
import { existingRule } from '../address-rule-answers.ts';
import { addressRule, newRule } from '../address-rule-schemas.ts';
import { etagOf, withEtag } from '../etag.ts';
import { pageOf } from '../pagination.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { byId, expiryOf, idempotencyKey, ofAccount, page, paging } from '../schemas.ts';

const tags = ['Address rules'];

export const addAddressRuleRoutes: AddRoutes = (app, deps) => {
  const { now } = deps.control;

  app.get(
    '/address-rules',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'List the allowlist, expired rules too',
        querystring: ofAccount.extend(paging.shape),
        response: { 200: page(addressRule) },
      },
    },
    async (request) => {
      const rules = await listAddressRules(deps.control, accountOf(request).name);
      return pageOf(rules.map(withEtag), request.query);
    },
  );

  app.get(
    '/address-rules/:id',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'One address rule',
        params: byId,
        querystring: ofAccount,
        response: { 200: addressRule },
      },
    },
    async (request, reply) => {
      const rule = withEtag(await existingRule(deps, accountOf(request).name, request.params.id));
      reply.header('etag', rule.etag);
      return rule;
    },
  );

  app.post(
    '/address-rules',
    {
      config: { access: 'account', creates: true },
      schema: {
        tags,
        summary: 'Allow an address or network',
        querystring: ofAccount,
        headers: idempotencyKey,
        body: newRule,
        response: { 201: addressRule },
      },
    },
    async (request, reply) => {
      const { cidr, label } = request.body;
      const expiresAt = expiryOf(request.body, now());
      const rule = await addAddressRule(contextOf(request, deps), accountOf(request).name, {
        cidr,
        label,
        expiresAt,
      });
      reply.code(201).header('etag', etagOf(rule));
      return withEtag(rule);
    },
  );
};
