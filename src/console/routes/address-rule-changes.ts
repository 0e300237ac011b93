/**
 * `/api/v1/address-rules/:id`: change and remove a rule as it was seen, so that no edit is lost.
 */

import { changeAddressRule, removeAddressRule } from '../../control/address-rules.ts';
import { existingRule } from '../address-rule-answers.ts';
import { addressRule, ruleChange } from '../address-rule-schemas.ts';
import { etagOf, expectationOf, requiredExpectationOf, withEtag } from '../etag.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { byId, ifMatch, nothing, ofAccount } from '../schemas.ts';

const tags = ['Address rules'];

export const addAddressRuleChangeRoutes: AddRoutes = (app, deps) => {
  const { now } = deps.control;

  app.patch(
    '/address-rules/:id',
    {
      config: { access: 'account', revised: 'required' },
      schema: {
        tags,
        summary: 'Change label or expiry',
        params: byId,
        querystring: ofAccount,
        headers: ifMatch,
        body: ruleChange,
        response: { 200: addressRule },
      },
    },
    async (request, reply) => {
      const { name } = accountOf(request);
      const { id: wanted } = request.params;
      const expect = requiredExpectationOf(request);
      await existingRule(deps, name, wanted);
      const { label, expiresAt, expiresIn } = request.body;
      const until = expiresIn === undefined ? expiresAt : new Date(now() + expiresIn);
      const rule = await changeAddressRule(
        contextOf(request, deps),
        name,
        wanted,
        { label, expiresAt: until },
        expect,
      );
      reply.header('etag', etagOf(rule));
      return withEtag(rule);
    },
  );

  app.delete(
    '/address-rules/:id',
    {
      config: { access: 'account', revised: 'optional' },
      schema: {
        tags,
        summary: 'No longer admit an address or network; ends its sessions',
        params: byId,
        querystring: ofAccount,
        headers: ifMatch,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { name } = accountOf(request);
      const { id: wanted } = request.params;
      await existingRule(deps, name, wanted);
      await removeAddressRule(contextOf(request, deps), name, wanted, expectationOf(request));
      reply.code(204);
    },
  );
};
