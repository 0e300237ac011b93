/** What holds for every route that the OpenAPI document names, now and in future. */

import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import type { Database } from '../../src/postgres/database.ts';
import type { Answer, Client } from './client.ts';
import { type ConsoleFixture, withConsole } from './console-fixture.ts';
import { type Example, examplesFor } from './route-examples.ts';
import { createThings, storedRows, type Things } from './things.ts';

interface Operation {
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

interface Route {
  readonly method: string;
  /** As in `route-examples.ts`. */
  readonly name: string;
  readonly operation: Operation;
  readonly example: Example;
}

const ofAccount = ({ operation }: Route) =>
  operation.parameters?.some(({ name }) => name === 'account') ?? false;
const isPublic = ({ operation }: Route) => operation.security.length === 0;

const routesOf = async ({ nobody, account, masterKey }: ConsoleFixture, things: Things): Promise<Route[]> => {
  const { body: document } = await nobody.get('/api/openapi.json');
  const documented = new Map<string, Operation>();
  for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      documented.set(`${method.toUpperCase()} ${path.replace('/api/v1', '')}`, operation);
    }
  }
  const examples = examplesFor(things, account, masterKey);
  expect([...documented.keys()].sort()).toEqual(Object.keys(examples).sort());
  return Object.entries(examples).flatMap(([name, example]) => {
    const operation = documented.get(name);
    return operation ? [{ method: name.split(' ')[0] ?? '', name, operation, example }] : [];
  });
};

const call = async (client: Client, { method, example }: Route, query = ''): Promise<Answer> => {
  const { path, body, headers, stream } = example;
  return stream ? client.begin(`${path}${query}`) : client.send(method, `${path}${query}`, body, headers);
};

const withRoutes = (work: (console: ConsoleFixture, routes: Route[], store: Database) => Promise<void>) =>
  withConsole(async (console) => {
    const things = await createThings(console);
    await work(console, await routesOf(console, things), console.ownedStore);
  });

it('the document is valid OpenAPI 3.1 and needs no sign-in', () =>
  withConsole(async ({ nobody }) => {
    const { status, body } = await nobody.get('/api/openapi.json');
    expect([status, body.openapi]).toEqual([200, '3.1.0']);
    expect(await new Validator().validate(body)).toMatchObject({ valid: true });
  }));

it('every route answers as documented, operators included', () =>
  withRoutes(async (console, routes) => {
    for (const route of routes) {
      const byOperator =
        route.operation.responses['403'] !== undefined && !ofAccount(route) && !isPublic(route);
      const client = byOperator ? console.operator : console.owner;
      const answer = await call(client, route);
      expect
        .soft([route.name, answer.status, answer.text.slice(0, 200)])
        .toEqual([route.name, route.example.status, expect.anything()]);
      const { content = {} } = route.operation.responses[answer.status] ?? {};
      const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
      expect
        .soft([route.name, Object.keys(content)])
        .toEqual([
          route.name,
          answer.status === 204 || answer.status === 202 ? [] : expect.arrayContaining([type]),
        ]);
    }
  }));

it('no route but the public ones answers those who are not signed in, whatever they send', () =>
  withRoutes(async (console, routes, store) => {
    const before = await storedRows(store);
    const open = routes.filter(isPublic).map(({ name }) => name);
    expect(open).toEqual(['POST /sign-in', 'DELETE /sign-in']);
    for (const route of routes.filter((each) => !isPublic(each))) {
      const { status, body } = await call(console.nobody, route);
      expect.soft([route.name, status, body?.code]).toEqual([route.name, 401, 'unauthenticated']);
    }
    expect(await storedRows(store)).toEqual(before);
  }));

it('no route lets an account see or touch what is of another', () =>
  withRoutes(async (console, routes, store) => {
    const { client } = await console.neighbour();
    const before = await storedRows(store);
    for (const route of routes.filter(ofAccount)) {
      const named = await call(client, route, `?account=${console.account.name}`);
      expect.soft([route.name, named.status, named.body?.code]).toEqual([route.name, 404, 'not-found']);
      if (!route.name.includes('{')) continue;
      const unnamed = await call(client, route);
      expect.soft([route.name, unnamed.status, unnamed.body?.code]).toEqual([route.name, 404, 'not-found']);
    }
    for (const route of routes.filter(
      (each) => !ofAccount(each) && /\/(accounts|instances)/.test(each.name),
    )) {
      const { status, body } = await call(client, route);
      expect.soft([route.name, status, body?.code]).toEqual([route.name, 403, 'operators-only']);
    }
    for (const route of routes.filter(({ method, name }) => method === 'GET' && !name.includes('{'))) {
      const { text } = await call(client, route);
      expect.soft(text, route.name).not.toMatch(new RegExp(`${console.account.name}(?!_b|_owner)`));
      for (const thing of ['session-1', 'attempt-1', '10.0.0.1'])
        expect.soft(text, route.name).not.toContain(thing);
    }
    expect(await storedRows(store)).toEqual(before);
  }));

it('operators must name the account wherever one is meant', () =>
  withRoutes(async (console, routes) => {
    for (const route of routes.filter((each) => ofAccount(each) && each.name !== 'GET /audit')) {
      const { status, body } = await call(console.operator, route);
      expect.soft([route.name, status, body?.errors?.[0]?.path]).toEqual([route.name, 422, 'query.account']);
    }
  }));
