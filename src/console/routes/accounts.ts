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
import { parseAccountName } from '../../control/texts.ts';
import { RequestError } from '../../errors.ts';
import { account, accountChange, byName, newAccount, shownAccount } from '../account-schemas.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { etagOf, expectationOf, requiredExpectationOf } from '../etag.ts';
import { decodeCursor, encodeCursor } from '../pagination.ts';
import { notFound } from '../problem.ts';
import { type AddRoutes, contextOf } from '../request.ts';
import { idempotencyKey, ifMatch, nothing, page, paging, parsedText } from '../schemas.ts';

const tags = ['Operators'];
const access = 'operator';

/** The name of the last account of the page. */
const accountCursor = z.tuple([parsedText(parseAccountName, 63)]);

const existing = async ({ control }: ConsoleDependencies, name: string) =>
  showAccount(control, name).catch((error: unknown) => {
    throw error instanceof RequestError ? notFound('such account') : error;
  });

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
      const after = cursor === undefined ? '' : decodeCursor(cursor, accountCursor)[0];
      const rest = (await listAccounts(deps.control)).filter(({ name }) => name > after);
      const items = rest.slice(0, limit).map(shownAccount);
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
      return shownAccount(row);
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
      return shownAccount(row);
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
        body: accountChange,
        response: { 200: account },
      },
    },
    async (request, reply) => {
      const expect = requiredExpectationOf(request);
      const { name } = await existing(deps, request.params.name);
      const row = await changeAccount(contextOf(request, deps), name, request.body, expect);
      reply.header('etag', etagOf(row));
      return shownAccount(row);
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
      const { name } = await existing(deps, request.params.name);
      await deleteAccount(contextOf(request, deps), name, expectationOf(request));
      reply.code(204);
    },
  );
};
