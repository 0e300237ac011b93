/**
 * `/api/v1/sign-in` and `/api/v1/me`: from an account's master key, or the operators' token, to a session in a cookie.
 * The answer to a wrong key is the same whether there is such an account or not, and so is the work done for it.
 */

import { z } from 'zod';
import { type Owner, recogniseOwner, recordSignIn } from '../../control/sign-in.ts';
import { digestOf, withoutKeys } from '../../policy/key-text.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { Problem } from '../problem.ts';
import { type ConsoleApp, type Identity, identityOf } from '../request.ts';
import { nothing, time } from '../schemas.ts';
import { cookieName, cookieOptions, newSession, type SignedOut, sealSession } from '../session-cookie.ts';
import { adminDigest, isAdminToken, sessionOf } from '../sign-in.ts';
import type { SignInThrottle } from '../throttle.ts';

const tags = ['Sign-in'];
const secret = z.string().min(1).max(200);

const credentials = z.union([
  z.strictObject({ account: z.string().min(1).max(63), key: secret.describe('A master key of the account') }),
  z.strictObject({ adminToken: secret }),
]);

const me = z
  .object({
    role: z.enum(['account', 'operator']),
    account: z.string().nullable().describe('null: an operator'),
    anyAddressAllowed: z.boolean().describe('The allowlist of the account may contain 0.0.0.0/0 and ::/0'),
    expiresAt: time.nullable().describe('null: not by itself'),
  })
  .meta({ id: 'Me' });

const describe = (identity: Identity): z.output<typeof me> => ({
  role: identity.role,
  account: identity.role === 'account' ? identity.account.name : null,
  anyAddressAllowed: identity.role === 'account' && identity.account.anyAddressAllowed,
  expiresAt: identity.expiresAt,
});

const wrong = (): Problem =>
  new Problem(
    'unauthenticated',
    'This is not a master key of this account that is in force, or not the token.',
  );

interface SignIn {
  readonly digest: string;
  readonly owner: Owner | null;
}

/** What the audit names when operators sign in: it can be no account's name, so no account sees it. */
const wholeConsole = '(console)';

const recognise = async (
  body: z.output<typeof credentials>,
  deps: ConsoleDependencies,
): Promise<SignIn | null> => {
  if ('adminToken' in body) {
    return isAdminToken(body.adminToken, deps) ? { digest: adminDigest(deps), owner: null } : null;
  }
  const digest = digestOf(body.key);
  const owner = await recogniseOwner(deps.control, digest);
  return owner?.account.name === body.account ? { digest, owner } : null;
};

export const addSignInRoutes = (
  app: ConsoleApp,
  deps: ConsoleDependencies,
  signedOut: SignedOut,
  throttle: SignInThrottle,
): void => {
  const { control, sealer, log } = deps;

  app.post(
    '/sign-in',
    {
      config: { access: 'public' },
      schema: { tags, summary: 'Sign in; sets the session cookie', body: credentials, response: { 200: me } },
    },
    async (request, reply) => {
      const place = 'account' in request.body ? request.body.account : '';
      const recognised = await recognise(request.body, deps);
      if (recognised === null) {
        throttle.refuse(request.ip, place);
        // People paste keys into the wrong field.
        const account = withoutKeys(place);
        log.warn({ address: request.ip, account, request: request.id }, 'console sign-in refused');
        throw wrong();
      }
      const { digest, owner } = recognised;
      const session = newSession(owner === null ? 'operator' : 'account', digest, control.now());
      const signedIn = { by: 'cookie', expiresAt: new Date(session.endsAt) } as const;
      const [actor, target, key] =
        owner === null
          ? ['operator', wholeConsole, null]
          : [`account:${owner.account.name}`, owner.account.name, owner.key.name];
      await recordSignIn({ ...control, actor }, target, { address: request.ip, key });
      reply.setCookie(cookieName, sealSession(session, sealer), cookieOptions);
      return describe(
        owner === null
          ? { role: 'operator', ...signedIn }
          : { role: 'account', account: owner.account, ...signedIn },
      );
    },
  );

  app.delete(
    '/sign-in',
    {
      config: { access: 'public' },
      schema: { tags, summary: 'Sign out', response: { 204: nothing } },
    },
    async (request, reply) => {
      const session = sessionOf(request, deps, signedOut);
      if (session !== null) signedOut.add(session, control.now());
      reply.clearCookie(cookieName, cookieOptions).code(204);
    },
  );

  app.get(
    '/me',
    {
      config: { access: 'signed-in' },
      schema: { tags, summary: 'Who is signed in', response: { 200: me } },
    },
    async (request) => describe(identityOf(request)),
  );
};
