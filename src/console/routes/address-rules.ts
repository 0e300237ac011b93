/**
 * `/api/v1/address-rules`: the allowlist of an account, one rule at a time.
 */

import { z } from 'zod';
import {
  addAddressRule,
  changeAddressRule,
  listAddressRules,
  removeAddressRule,
} from '../../control/address-rules.ts';
import { parseLabel } from '../../control/texts.ts';
import { parseCidr } from '../../policy/addresses.ts';
import type { StoredAddressRule } from '../../store/address-rules.ts';
import { etagOf, expectationOf, requiredExpectationOf, withEtag } from '../etag.ts';
import { pageOf } from '../pagination.ts';
import { notFound } from '../problem.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import {
  byId,
  checkExpiry,
  expiry,
  expiryOf,
  id,
  idempotencyKey,
  ifMatch,
  nothing,
  ofAccount,
  page,
  paging,
  parsedText,
  time,
} from '../schemas.ts';

const tags = ['Address rules'];

const addressRule = z
  .object({
    id,
    cidr: z.string(),
    label: z.string(),
    expiresAt: time.nullable(),
    createdBy: z.string(),
    createdAt: time,
    etag: z.string(),
  })
  .meta({ id: 'AddressRule' });

const label = parsedText(parseLabel, 400).describe('Whose address it is; up to 200 characters');

const newRule = z
  .strictObject({
    cidr: parsedText((text) => parseCidr(text).cidr, 100).describe(
      'An address or network: 203.0.113.7, 203.0.113.0/24, 2001:db8::/32',
    ),
    label: label.default(''),
    ...expiry,
  })
  .superRefine(checkExpiry);

const change = z.strictObject({ label: label.optional(), ...expiry }).superRefine(checkExpiry);

const existing = <Rule extends StoredAddressRule>(rules: readonly Rule[], wanted: string): Rule => {
  const found = rules.find((rule) => rule.id === wanted);
  if (found === undefined) throw notFound('such address rule');
  return found;
};

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
      const rules = await listAddressRules(deps.control, accountOf(request).name);
      const rule = withEtag(existing(rules, request.params.id));
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
        body: change,
        response: { 200: addressRule },
      },
    },
    async (request, reply) => {
      const { name } = accountOf(request);
      const { id: wanted } = request.params;
      const expect = requiredExpectationOf(request);
      existing(await listAddressRules(deps.control, name), wanted);
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
      existing(await listAddressRules(deps.control, name), wanted);
      await removeAddressRule(contextOf(request, deps), name, wanted, expectationOf(request));
      reply.code(204);
    },
  );
};
