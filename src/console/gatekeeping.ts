/**
 * The hooks that every route of the API goes through: signed in, not sent by another site, of this role, about an
 * account that is theirs. A route that does not say who may come is not served at all: the server does not start.
 */

import type { FastifyRequest, RouteOptions } from 'fastify';
import { showAccount } from '../control/accounts.ts';
import { RequestError } from '../errors.ts';
import type { Account } from '../store/accounts.ts';
import { isFromOtherSite } from './cross-site.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { invalid, notFound, Problem } from './problem.ts';
import { type Access, type ConsoleApp, type Identity, identityOf } from './request.ts';
import type { SignedOut } from './session-cookie.ts';
import { identify, renewSession } from './sign-in.ts';
import type { SignInThrottle } from './throttle.ts';

const requireAccess = ({ config, method, url }: RouteOptions): void => {
  if (config?.access === undefined) throw new Error(`The route ${method} ${url} does not say who may come.`);
};

const accessOf = ({ routeOptions: { config } }: FastifyRequest): Access => config.access ?? 'operator';

/** Asked by a page that is open, not by the person in front of it: the session does not go on for that. */
const isBackground = ({ headers, routeOptions: { config } }: FastifyRequest): boolean =>
  config.background === true || headers['postern-background'] !== undefined;

const unauthenticated = (detail: string): Problem =>
  new Problem('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer' } });

const checkSite = (request: FastifyRequest, identity: Identity | null): void => {
  if (isFromOtherSite(request, identity?.by === 'cookie')) {
    throw new Problem('cross-site', 'Only the pages of this console may change something with your session.');
  }
};

const checkRole = (access: Access, identity: Identity | null): void => {
  if (access === 'public') return;
  if (identity === null) {
    throw unauthenticated('Sign in, or send "Authorization: Bearer" with a master key that is in force.');
  }
  if (access === 'operator' && identity.role !== 'operator') {
    throw new Problem('operators-only', 'This is about the whole installation: ask its operator.');
  }
};

/** An owner's own account, or the one that an operator names. Owners learn nothing about others, not even their names. */
const meantAccount = async (
  identity: Identity,
  named: unknown,
  { control }: ConsoleDependencies,
): Promise<Account> => {
  if (named !== undefined && typeof named !== 'string') {
    throw invalid([{ path: 'query.account', message: 'Name one account.' }]);
  }
  if (identity.role === 'account') {
    if (named !== undefined && named !== identity.account.name) throw notFound('such account');
    return identity.account;
  }
  if (named === undefined) {
    throw invalid([{ path: 'query.account', message: 'Operators must say which account is meant.' }]);
  }
  return showAccount(control, named).catch((error: unknown) => {
    throw error instanceof RequestError ? notFound('such account') : error;
  });
};

/** Adds the hooks to `app` and all routes that are added to it from now on. */
export const addGatekeeping = (
  app: ConsoleApp,
  deps: ConsoleDependencies,
  signedOut: SignedOut,
  throttle: SignInThrottle,
): void => {
  app.decorateRequest('identity', null);
  app.decorateRequest('account', null);
  app.decorateRequest('identifyAgain');
  app.addHook('onRoute', requireAccess);
  app.addHook('onRequest', async (request, reply) => {
    const again = () => identify(request, deps, signedOut);
    const identity = await again();
    request.identifyAgain = again;
    if (identity === null && request.headers.authorization !== undefined) throttle.refuse(request.ip);
    checkSite(request, identity);
    checkRole(accessOf(request), identity);
    if (identity?.by === 'cookie' && !isBackground(request)) renewSession(request, reply, deps, signedOut);
    request.identity = identity;
  });
  app.addHook('preValidation', async (request) => {
    const access = accessOf(request);
    const { account } = request.query as { account?: unknown };
    if (access !== 'account' && (access !== 'signed-in' || account === undefined)) return;
    request.account = await meantAccount(identityOf(request), account, deps);
  });
};
