import { describe, expect, it } from 'vitest';
import { createKey } from '../../src/control/api-keys.ts';
import { createKeyText } from '../../src/policy/key-text.ts';
import { adminToken, withConsole } from './console-fixture.ts';
import { failingStore } from './failing-store.ts';

const hourMs = 3_600_000;

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

  it('are throttled by account and address, which neither the right key nor another account has to suffer', () =>
    withConsole(async ({ nobody, account, masterKey, clock, neighbour }) => {
      const other = await neighbour();
      const wrong = { account: account.name, key: createKeyText('master') };
      const signIn = (credentials: object) => nobody.post('/sign-in', credentials);
      const statuses = await Promise.all(Array.from({ length: 14 }, () => signIn(wrong)));
      expect(statuses.filter(({ status }) => status === 401)).toHaveLength(10);
      const throttled = await signIn(wrong);
      expect(throttled).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
      expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(50);
      expect((await signIn({ account: account.name, key: masterKey })).status).toBe(200);
      expect((await signIn({ ...wrong, account: other.account.name })).status).toBe(401);
      clock.aheadMs = 61_000;
      expect((await signIn(wrong)).status).toBe(401);
    }));

  it('of one address lock nobody else out who comes from there', () =>
    withConsole(async ({ nobody, owner, operator, account, masterKey, browser }) => {
      const guesses = nobody.with({ authorization: `Bearer ${createKeyText('master')}` });
      const answers = await Promise.all(Array.from({ length: 60 }, () => guesses.get('/me')));
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(50);
      expect((await guesses.get('/me')).status).toBe(429);
      expect((await owner.get('/me')).status).toBe(200);
      expect((await operator.get('/me')).status).toBe(200);
      const right = [{ account: account.name, key: masterKey }, { adminToken }];
      for (const credentials of right) {
        expect((await nobody.post('/sign-in', credentials)).status).toBe(200);
        expect((await (await browser(credentials)).get('/me')).status).toBe(200);
      }
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
