/**
 * `/api/v1/accounts`: the customers, for operators.
 */

import { z } from 'zod';
import {
  changeAccount,
  createAccount,
  deleteAccount,
  listAccounts,
  showAccount,
} from '../../control/accounts.ts';
import { checkAliases, parseAccountName } from '../../control/texts.ts';
import { RequestError } from '../../errors.ts';
import type { Account } from '../../store/accounts.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { etagOf, expectationOf, requiredExpectationOf, withEtag } from '../etag.ts';
import { decodeCursor, encodeCursor } from '../pagination.ts';
import { notFound } from '../problem.ts';
import { type AddRoutes, contextOf } from '../request.ts';
import { id, idempotencyKey, ifMatch, nothing, page, paging, parsedText, time } from '../schemas.ts';

const tags = ['Operators'];
const access = 'operator';

const clientCertificate = z.enum(['required', 'optional']);
const clientAuthentication = z.enum(['scram-sha-256', 'password']).nullable().describe('null: as configured');
const maxSessions = z.int().min(0).max(1_000_000).nullable().describe('null: as configured');
const parseAlias = (text: string): string => {
  checkAliases([text]);
  return text;
};
const databaseAliases = z.array(parsedText(parseAlias, 63)).max(20);
const anyAddressAllowed = z.boolean().describe('Its allowlist may contain 0.0.0.0/0 and ::/0');

const account = z
  .object({
    id,
    name: z.string(),
    backend: z.string(),
    database: z.string(),
    databaseAliases: z.array(z.string()),
    ownerRole: z.string(),
    publicRole: z.string().nullable(),
    status: z.enum(['active', 'disabled', 'deleted']).describe('Deleted ones are not found any more'),
    clientCertificate,
    clientAuthentication,
    maxSessions,
    anyAddressAllowed,
    createdAt: time,
    etag: z.string(),
  })
  .meta({ id: 'Account' });

const newAccount = z.strictObject({
  name: parsedText(parseAccountName, 63),
  backend: z.string().min(1).max(63).describe('One of the configuration'),
  database: z.string().min(1).max(63),
  ownerRole: z.string().min(1).max(63).describe('The role that owns the data'),
  databaseAliases: databaseAliases.default([]),
  clientCertificate: clientCertificate.default('required'),
  clientAuthentication: clientAuthentication.default(null),
  maxSessions: maxSessions.default(null),
  anyAddressAllowed: anyAddressAllowed.default(false),
});

const change = z
  .strictObject({
    status: z.enum(['active', 'disabled']),
    databaseAliases,
    clientCertificate,
    clientAuthentication,
    maxSessions,
    anyAddressAllowed,
  })
  .partial();

const byName = z.strictObject({ name: z.string().max(63) });

const existing = async ({ control }: ConsoleDependencies, name: string) =>
  showAccount(control, name).catch((error: unknown) => {
    throw error instanceof RequestError ? notFound('such account') : error;
  });

const shown = (row: Account) => ({ ...withEtag(row), databaseAliases: [...row.databaseAliases] });

export const addAccountRoutes: AddRoutes = (app, deps) => {
  app.get(
    '/accounts',
    {
      config: { access },
      schema: {
        tags,
        summary: 'List accounts by name',
        querystring: paging,
        response: { 200: page(account) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? '' : String(decodeCursor(cursor, 1)[0]);
      const rest = (await listAccounts(deps.control)).filter(({ name }) => name > after);
      const items = rest.slice(0, limit).map(shown);
      const last = items.at(-1);
      return { items, nextCursor: rest.length > limit && last ? encodeCursor([last.name]) : null };
    },
  );

  app.get(
    '/accounts/:name',
    {
      config: { access },
      schema: { tags, summary: 'One account', params: byName, response: { 200: account } },
    },
    async (request, reply) => {
      const row = await existing(deps, request.params.name);
      reply.header('etag', etagOf(row));
      return shown(row);
    },
  );

  app.post(
    '/accounts',
    {
      config: { access, creates: true },
      schema: {
        tags,
        summary: 'Create an account for a database that exists',
        headers: idempotencyKey,
        body: newAccount,
        response: { 201: account },
      },
    },
    async (request, reply) => {
      const row = await createAccount(contextOf(request, deps), request.body);
      reply.code(201).header('etag', etagOf(row));
      return shown(row);
    },
  );

  app.patch(
    '/accounts/:name',
    {
      config: { access, revised: 'required' },
      schema: {
        tags,
        summary: 'Change how an account may be used, or disable it, which ends its sessions',
        params: byName,
        headers: ifMatch,
        body: change,
        response: { 200: account },
      },
    },
    async (request, reply) => {
      const expect = requiredExpectationOf(request);
      const { name } = await existing(deps, request.params.name);
      const row = await changeAccount(contextOf(request, deps), name, request.body, expect);
      reply.header('etag', etagOf(row));
      return shown(row);
    },
  );

  app.delete(
    '/accounts/:name',
    {
      config: { access, revised: 'optional' },
      schema: {
        tags,
        summary: "End an account's sessions and remove its keys' roles; its data stay untouched",
        params: byName,
        headers: ifMatch,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const row = await existing(deps, request.params.name);
      expectationOf(request)(row);
      await deleteAccount(contextOf(request, deps), row.name);
      reply.code(204);
    },
  );
};
