/**
 * Who asks, found for each request anew: by the session cookie or by `Authorization: Bearer`. A key that was revoked
 * or rotated a moment ago no longer counts, whatever the cookie says. Fills `request.identity`; refuses nobody itself.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { recogniseOwner } from '../control/sign-in.ts';
import { digestOf, parseKeyText } from '../policy/key-text.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import type { Identity } from './request.ts';
import {
  cookieName,
  cookieOptions,
  openSession,
  renewedSession,
  type Session,
  type SignedOut,
  sealSession,
} from './session-cookie.ts';

type Deps = Pick<ConsoleDependencies, 'control' | 'sealer' | 'adminToken'>;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In constant time, also for texts of different lengths. */
export const isAdminToken = (text: string, { adminToken }: Pick<Deps, 'adminToken'>): boolean =>
  timingSafeEqual(sha256(text), sha256(adminToken ?? '')) && adminToken !== null;

export const adminDigest = ({ adminToken }: Pick<Deps, 'adminToken'>): string =>
  sha256(adminToken ?? '').toString('hex');

/** The session that the request's cookie holds and that is neither over nor signed out; it may no longer count. */
export const sessionOf = (
  request: FastifyRequest,
  { sealer, control }: Deps,
  signedOut: SignedOut,
): Session | null => {
  const sealed = request.cookies[cookieName];
  const session = sealed === undefined ? null : openSession(sealed, sealer, control.now());
  return session === null || signedOut.has(session) ? null : session;
};

const byCookie = async (session: Session, deps: Deps): Promise<Identity | null> => {
  const signedIn = { by: 'cookie', expiresAt: new Date(session.endsAt) } as const;
  if (session.role === 'operator') {
    return deps.adminToken !== null && session.digest === adminDigest(deps)
      ? { role: 'operator', ...signedIn }
      : null;
  }
  const owner = await recogniseOwner(deps.control, session.digest);
  return owner && { role: 'account', account: owner.account, ...signedIn };
};

/** @param text what stands behind `Bearer`: a master key or the admin token */
export const byBearer = async (text: string, deps: Deps): Promise<Identity | null> => {
  if (isAdminToken(text, deps)) return { role: 'operator', by: 'bearer', expiresAt: null };
  const owner = parseKeyText(text) === null ? null : await recogniseOwner(deps.control, digestOf(text));
  return owner && { role: 'account', account: owner.account, by: 'bearer', expiresAt: owner.key.expiresAt };
};

const bearerOf = ({ headers: { authorization } }: FastifyRequest): string | null =>
  /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? null;

/**
 * Who asks; a Bearer that is wrong does not fall back to the cookie.
 * @returns null: nobody who counts
 */
export const identify = async (
  request: FastifyRequest,
  deps: Deps,
  signedOut: SignedOut,
): Promise<Identity | null> => {
  if (request.headers.authorization !== undefined) {
    const text = bearerOf(request);
    return text === null ? null : byBearer(text, deps);
  }
  const session = sessionOf(request, deps, signedOut);
  return session && byCookie(session, deps);
};

/** Sends the request's cookie again when it has become old, so that the session goes on. */
export const renewSession = (
  request: FastifyRequest,
  reply: FastifyReply,
  deps: Deps,
  signedOut: SignedOut,
): void => {
  const session = sessionOf(request, deps, signedOut);
  const renewed = session && renewedSession(session, deps.control.now());
  if (renewed) reply.setCookie(cookieName, sealSession(renewed, deps.sealer), cookieOptions);
};
