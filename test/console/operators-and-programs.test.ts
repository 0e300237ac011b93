import { describe, expect, it } from 'vitest';
import { createKeyText } from '../../src/policy/key-text.ts';
import { adminToken, withConsole } from './console-fixture.ts';

describe('operators', () => {
  it('sign in with their token and name the account that they mean', () =>
    withConsole(async ({ browser, account }) => {
      const tab = await browser({ adminToken });
      expect((await tab.get('/me')).body).toMatchObject({ role: 'operator', account: null });
      expect(await tab.get('/address-rules')).toMatchObject({
        status: 422,
        body: { errors: [{ path: 'query.account' }] },
      });
      expect((await tab.get(`/address-rules?account=${account.name}`)).status).toBe(200);
      expect((await tab.get('/address-rules?account=nobody-here')).status).toBe(404);
      const twice = `/address-rules?account=${account.name}&account=x`;
      expect((await tab.get(twice)).status).toBe(422);
      const added = await tab.post(`/address-rules?account=${account.name}`, { cidr: '192.0.2.1' });
      expect(added.body.createdBy).toBe('operator');
    }));

  it('cannot sign in where no token is configured', () =>
    withConsole(
      async ({ nobody }) => {
        for (const text of ['', 'null', adminToken]) {
          expect((await nobody.post('/sign-in', { adminToken: text })).status).toBeOneOf([401, 422]);
          expect((await nobody.with({ authorization: `Bearer ${text}` }).get('/me')).status).toBe(401);
        }
      },
      () => ({ adminToken: null }),
    ));
});

describe('programs', () => {
  it('send the key with each request', () =>
    withConsole(async ({ owner, account }) => {
      expect((await owner.get('/me')).body).toMatchObject({
        role: 'account',
        account: account.name,
        expiresAt: null,
      });
    }));

  it.each([
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['nothing', 'Bearer'],
    ['no key', 'Bearer nothing'],
    ['an unknown key', `Bearer ${createKeyText('master')}`],
  ])('are told how when they send %s, whatever the cookie says, and are throttled', (_, authorization) =>
    withConsole(async ({ browser }) => {
      const wrong = (await browser()).with({ authorization });
      const refused = await wrong.get('/me');
      expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      await Promise.all(Array.from({ length: 49 }, () => wrong.get('/me')));
      expect((await wrong.get('/me')).status).toBe(429);
    }),
  );
});
