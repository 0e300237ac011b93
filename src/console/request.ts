/**
 * What every route knows of a request: who asks (`identity`), whose things are meant (`account`), and the context for
 * the use cases. Each route says in `config.access` who may come at all; hooks enforce it before the route runs.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ControlContext } from '../control/context.ts';
import type { Sealer } from '../control/seal.ts';
import type { Account } from '../store/accounts.ts';
import type { ConsoleDependencies } from './dependencies.ts';

/**
 * `public`: anybody; `signed-in`: owners and operators; `account`: the same, about one account, which `accountOf`
 * gives; `operator`: operators, about the whole installation.
 */
export type Access = 'public' | 'signed-in' | 'account' | 'operator';

interface SignedIn {
  /** `cookie`: a browser, which other sites can make send requests. */
  readonly by: 'cookie' | 'bearer';
  /** null: does not end by itself. */
  readonly expiresAt: Date | null;
}

export type Identity =
  | (SignedIn & { readonly role: 'account'; readonly account: Account })
  | (SignedIn & { readonly role: 'operator' });

declare module 'fastify' {
  interface FastifyRequest {
    /** null: not signed in, which only `public` routes see. */
    identity: Identity | null;
    account: Account | null;
    /** Who asks, looked up anew with the same credentials: for answers that outlast the check of their request. */
    identifyAgain: () => Promise<Identity | null>;
  }
  interface FastifyContextConfig {
    access?: Access;
    /** POST that creates: takes an Idempotency-Key. */
    creates?: true;
    /** Takes If-Match; `required`: refused without it. */
    revised?: 'optional' | 'required';
    /** Pages ask it by themselves, again and again. */
    background?: true;
  }
}

export type ConsoleApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** One file of routes: adds them to `app`, whose prefix is `/api/v1`. */
export type AddRoutes = (app: ConsoleApp, deps: ConsoleDependencies) => void;

/** Who asks. Only for routes that are not `public`. */
export const identityOf = ({ identity }: Pick<FastifyRequest, 'identity'>): Identity => {
  if (identity === null) throw new Error('A route that needs no sign-in asks who is signed in.');
  return identity;
};

/** Whose things are meant. Only for routes with access `account`. */
export const accountOf = ({ account }: Pick<FastifyRequest, 'account'>): Account => {
  if (account === null) throw new Error('A route that is about no account asks for it.');
  return account;
};

/** As the audit names who asks. */
export const actorOf = (identity: Identity): string =>
  identity.role === 'operator' ? 'operator' : `account:${identity.account.name}`;

/** For the use cases, in the name of whoever asks. */
export const contextOf = (
  request: Pick<FastifyRequest, 'identity'>,
  { control }: Pick<ConsoleDependencies, 'control'>,
): ControlContext & { readonly sealer: Sealer } => ({ ...control, actor: actorOf(identityOf(request)) });
