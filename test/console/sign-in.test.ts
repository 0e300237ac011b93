import { describe, expect, it } from 'vitest';
import { rotateKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { listAudit } from '../../src/store/audit.ts';
import { createClient } from './client.ts';
import { withConsole } from './console-fixture.ts';

const hourMs = 3_600_000;

describe('signing in with a master key', () => {
  it('gives a cookie that scripts, other sites and plain HTTP do not get, and is audited', () =>
    withConsole(async ({ nobody, masterKey, account, context }) => {
      const { status, headers, body } = await nobody.post('/sign-in', {
        account: account.name,
        key: masterKey,
      });
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({
          role: 'account',
          account: account.name,
          expiresAt: expect.stringMatching(/Z$/),
        }),
      ]);
      const cookie = headers.get('set-cookie') ?? '';
      // The prefix keeps other hosts of the same domain from planting a session of theirs.
      expect(cookie).toMatch(/^__Host-postern_session=/);
      expect(cookie.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
      expect(cookie).not.toContain(masterKey);
      const [event] = await listAudit(context.store, { limit: 1 });
      expect(event).toMatchObject({
        actor: `account:${account.name}`,
        action: 'console.sign-in',
        target: account.name,
        after: { address: '127.0.0.1', key: 'master' },
      });
    }));

  it('lasts an hour without a request and eight hours at most', () =>
    withConsole(async ({ browser, clock, origin }) => {
      let tab = await browser();
      const { body: me } = await tab.get('/me');
      for (let hour = 0.9; hour < 8; hour += 0.9) {
        clock.aheadMs = hour * hourMs;
        const { status, headers } = await tab.get('/me');
        expect(status).toBe(200);
        const [cookie = ''] = (headers.get('set-cookie') ?? '').split(';');
        expect(cookie).toMatch(/^__Host-postern_session=v1/);
        tab = tab.with({ cookie });
      }
      expect((await tab.get('/me')).body).toEqual(me);
      clock.aheadMs = 8 * hourMs;
      expect((await tab.get('/me')).status).toBe(401);
      clock.aheadMs = 0;
      const idle = await browser();
      clock.aheadMs = hourMs;
      expect((await idle.get('/me')).status).toBe(401);
      expect(
        (await createClient(origin, { cookie: '__Host-postern_session=v1.k1.AAAA' }).get('/me')).status,
      ).toBe(401);
    }));

  it('does not last longer for what a page that is merely open asks by itself', () =>
    withConsole(async ({ browser, clock, origin }) => {
      const tab = await browser();
      const page = tab.with({ 'postern-background': '1' });
      clock.aheadMs = 0.9 * hourMs;
      const polled = await page.get('/sessions');
      expect([polled.status, polled.headers.get('set-cookie')]).toEqual([200, null]);
      const stream = await fetch(`${origin}/api/v1/attempts/stream`, { headers: tab.headers });
      await stream.body?.cancel();
      expect([stream.status, stream.headers.get('set-cookie')]).toEqual([200, null]);
      expect((await tab.get('/sessions')).headers.get('set-cookie')).toContain('__Host-postern_session=');
      clock.aheadMs = hourMs;
      expect((await page.get('/sessions')).status).toBe(401);
    }));

  it.each(['revoked', 'rotated'])('ends when the key is %s', (how) =>
    withConsole(async ({ browser, context, account }) => {
      const tab = await browser();
      expect((await tab.get('/address-rules')).status).toBe(200);
      if (how === 'revoked') await revokeKey(context, account.name, 'master', null);
      else await rotateKey(context, account.name, 'master');
      expect((await tab.get('/address-rules')).status).toBe(401);
    }),
  );

  it('ends on signing out, also for who has copied the cookie', () =>
    withConsole(async ({ browser }) => {
      const tab = await browser();
      const { status, headers } = await tab.delete('/sign-in');
      expect([status, headers.get('set-cookie')]).toEqual([
        204,
        expect.stringMatching(/^__Host-postern_session=;.*1970/),
      ]);
      expect((await tab.get('/me')).status).toBe(401);
    }));
});
