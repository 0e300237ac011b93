import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { createKeyText } from '../../src/policy/key-text.ts';
import { buildPassword } from '../../src/wire/frontend-messages.ts';
import { logIn, logInByPassword, proveByScram, query } from '../support/raw-login.ts';
import { parseError, type RawMessage } from '../support/raw-messages.ts';
import { gateUnderTest, gateWith } from './gate-fixture.ts';
import { addSecondAccount, type SecondAccount } from './second-account.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.100.0/24'],
});
let second: SecondAccount;
let lastHost = 0;
/** Everybody comes from an address of their own, so that nobody is throttled for another. */
const from = () => {
  lastHost += 1;
  return `198.51.100.${lastHost}`;
};

const newKey = async (name: string, changes: { now?: () => number; expiresAt?: Date } = {}) => {
  const { context, account } = gate.postern;
  const { now = context.now, expiresAt = null } = changes;
  const wish = { name, kind: 'regular', grants: [], expiresAt } as const;
  return (await createKey({ ...context, now }, account, wish)).text;
};

/** What the server says to this key, without what differs from one connection to the next. */
const conversation = async (method: 'scram-sha-256' | 'password', key: string): Promise<string[]> => {
  const client = await gate.greeted({}, { from: from() });
  const said: RawMessage[] = [];
  if (method === 'password') {
    said.push(await client.readMessage());
    client.send(buildPassword(key));
  } else await proveByScram(client, key, {});
  said.push(...(await client.readThrough('EZ')));
  return said
    .filter(({ type }) => type !== 'S')
    .map(({ type, body }) => {
      if (type === 'E') return JSON.stringify({ ...parseError(body), detail: '' });
      return `${type} ${type === 'R' ? body.readInt32BE() : ''}`;
    });
};

beforeAll(async () => {
  second = await addSecondAccount(gate.postern);
});
afterAll(() => second?.drop());

describe.each(['scram-sha-256', 'password'] as const)('by %s', (method) => {
  const keys = new Map<string, string>();

  beforeAll(async () => {
    const { context, account } = gate.postern;
    await changeAccount(context, account, { clientAuthentication: method });
    const hourAgo = Date.now() - 3_600_000;
    keys.set(
      'expired',
      await newKey(`expired ${method}`, { now: () => hourAgo, expiresAt: new Date(hourAgo + 1) }),
    );
    keys.set('revoked', await newKey(`revoked ${method}`));
    await revokeKey(context, account, `revoked ${method}`, null);
    keys.set('being revoked', await newKey(`stuck ${method}`));
    const away = { ...context, backendAdmin: () => Promise.reject(new Error('away')) };
    expect((await revokeKey(away, account, `stuck ${method}`, null)).unfinished).toContain('away');
    keys.set('of another account', second.masterKey);
    keys.set('that never was', createKeyText('regular'));
    keys.set('without its checksum', gate.postern.readerKey.slice(0, -1));
    keys.set('of two right ones', gate.postern.readerKey + gate.postern.masterKey);
    keys.set('in capitals', gate.postern.readerKey.toUpperCase());
    await gate.caughtUp();
  });

  it('the right key is let in', async () => {
    expect((await conversation(method, gate.postern.readerKey)).at(-1)).toBe('Z ');
  });

  it('every other key meets the same messages and the same text', async () => {
    const refused = [
      ...(method === 'password' ? ['R 3'] : []),
      JSON.stringify({
        severity: 'FATAL',
        sqlstate: '28P01',
        message: `API key authentication failed for user "${gate.postern.account}".`,
        detail: '',
        hint: 'The password is an API key of this account (pst_…); check that it is complete, not expired and not revoked.',
      }),
    ];
    for (const [name, key] of keys)
      expect({ name, said: await conversation(method, key) }).toEqual({ name, said: refused });
  });

  it('and the log never holds a key', () => {
    const log = JSON.stringify(gate.postern.logLines());
    for (const key of [...keys.values(), gate.postern.readerKey]) expect(log).not.toContain(key);
  });
});

describe('the account may ask for the key itself', () => {
  it('and an empty one is a question, not a guess', async () => {
    const address = from();
    for (let time = 0; time < 8; time += 1) {
      const client = await gate.greeted({}, { from: address });
      await client.readMessage();
      client.send(buildPassword(''));
      expect(await client.refusal()).toMatchObject({ sqlstate: '28P01' });
    }
    await logInByPassword(await gate.greeted({}, { from: address }), gate.postern.masterKey);
  });
});

describe('fifty keys of one account', () => {
  it('each finds its own role', async () => {
    await changeAccount(gate.postern.context, gate.postern.account, { clientAuthentication: null });
    const made = new Map<string, string>();
    for (let index = 0; index < 50; index += 1) {
      const { key, text } = await gate.postern.createKey(`tool ${index}`, 'regular');
      made.set(text, key.roleName);
    }
    await gate.caughtUp();
    for (const [text, roleName] of made) {
      const client = await gate.greeted({}, { from: '198.51.100.1' });
      await logIn(client, text);
      expect(await query(client, 'SELECT current_user')).toEqual([[roleName]]);
      client.close();
    }
  });
});
