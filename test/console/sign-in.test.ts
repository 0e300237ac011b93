import { describe, expect, it } from 'vitest';
import { createKey, rotateKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { createKeyText } from '../../src/policy/key-text.ts';
import { listAudit } from '../../src/store/audit.ts';
import { createClient } from './client.ts';
import { withConsole } from './console-fixture.ts';
import { failingStore } from './failing-store.ts';

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
        expect(cookie).toMatch(/^postern_session=v1/);
        tab = tab.with({ cookie });
      }
      expect((await tab.get('/me')).body).toEqual(me);
      clock.aheadMs = 8 * hourMs;
      expect((await tab.get('/me')).status).toBe(401);
      clock.aheadMs = 0;
      const idle = await browser();
      clock.aheadMs = hourMs;
      expect((await idle.get('/me')).status).toBe(401);
      expect((await createClient(origin, { cookie: 'postern_session=v1.k1.AAAA' }).get('/me')).status).toBe(
        401,
      );
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
        expect.stringMatching(/^postern_session=;.*1970/),
      ]);
      expect((await tab.get('/me')).status).toBe(401);
    }));
});

describe('refused sign-ins', () => {
  it('are answered alike, whether the account exists or not, and logged without the key', () =>
    withConsole(async ({ nobody, account, context, masterKey, logged, clock, neighbour }) => {
      const regular = { name: 'reader', kind: 'regular', grants: [], expiresAt: null } as const;
      const soon = {
        ...regular,
        kind: 'master',
        name: 'soon',
        expiresAt: new Date(Date.now() + hourMs),
      } as const;
      const { text: reader } = await createKey(context, account.name, regular);
      const { text: expired } = await createKey(context, account.name, soon);
      const other = await neighbour();
      clock.aheadMs = 2 * hourMs;
      const tries = [
        { account: account.name, key: createKeyText('master') },
        { account: account.name, key: 'no key at all' },
        { account: account.name, key: reader },
        { account: account.name, key: expired },
        { account: account.name, key: other.masterKey },
        { account: 'nobody-here', key: masterKey },
        // In the wrong field: it must not get into the log.
        { account: masterKey, key: account.name },
        { adminToken: 'guess' },
      ];
      const answers = await Promise.all(tries.map((credentials) => nobody.post('/sign-in', credentials)));
      const [first] = answers;
      for (const { status, body, headers } of answers) {
        expect(status).toBe(401);
        expect({ ...body, requestId: '' }).toEqual({ ...first?.body, requestId: '' });
        expect(headers.has('set-cookie')).toBe(false);
      }
      const refused = logged.filter(({ message }) => message === 'console sign-in refused');
      expect(refused).toHaveLength(tries.length);
      expect(refused.map(({ fields }) => fields['account'])).toContain(account.name);
    }));

  it('are throttled by account and address, and the right key waits too, but no other account does', () =>
    withConsole(async ({ nobody, account, masterKey, clock, neighbour }) => {
      const other = await neighbour();
      const wrong = { account: account.name, key: createKeyText('master') };
      const statuses = await Promise.all(Array.from({ length: 14 }, () => nobody.post('/sign-in', wrong)));
      expect(statuses.filter(({ status }) => status === 401)).toHaveLength(10);
      const throttled = await nobody.post('/sign-in', { account: account.name, key: masterKey });
      expect(throttled).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
      expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(50);
      const { status } = await nobody.post('/sign-in', { account: other.account.name, key: other.masterKey });
      expect(status).toBe(200);
      clock.aheadMs = 61_000;
      expect((await nobody.post('/sign-in', { account: account.name, key: masterKey })).status).toBe(200);
    }));

  it('do not add up when they succeed', () =>
    withConsole(async ({ nobody, account, masterKey }) => {
      const credentials = { account: account.name, key: masterKey };
      for (let time = 0; time < 12; time += 1) {
        expect((await nobody.post('/sign-in', credentials)).status).toBe(200);
      }
    }));

  it('are not counted while the store cannot be asked', () => {
    const outage = failingStore();
    return withConsole(async ({ nobody, account, masterKey }) => {
      const credentials = { account: account.name, key: masterKey };
      outage.begin();
      for (let time = 0; time < 12; time += 1) {
        expect((await nobody.post('/sign-in', credentials)).status).toBe(503);
      }
      outage.end();
      const wrong = { account: account.name, key: createKeyText('master') };
      expect((await nobody.post('/sign-in', wrong)).status).toBe(401);
    }, outage.override);
  });
});
