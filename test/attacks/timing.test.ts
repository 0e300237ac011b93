import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { createKeyText } from '../../src/policy/key-text.ts';
import { buildCancelRequest, buildPassword } from '../../src/wire/frontend-messages.ts';
import { gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { proveByScram } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { chanceOfLonger, sampleInTurn, timed } from './timing.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.0.0/16'],
});

const rounds = 80;
/** Five standard deviations of two that are alike (√(161 / 12·80²) each): beyond by accident once in a million times. */
const alike = { least: 0.27, most: 0.73 };
const patienceMs = 90_000;

let host = 0;
/** Everybody comes from an address of their own, so that nobody is throttled. */
const from = () => {
  host += 1;
  return `198.51.${Math.floor(host / 250)}.${1 + (host % 250)}`;
};

/** Of every way against the first. */
const expectAlike = ([first = [], ...others]: readonly number[][]): void => {
  for (const other of others) {
    const chance = chanceOfLonger(first, other);
    expect(chance).toBeGreaterThan(alike.least);
    expect(chance).toBeLessThan(alike.most);
  }
};

describe.each(['scram-sha-256', 'password'] as const)('by %s', (method) => {
  const keys: string[] = [];

  beforeAll(async () => {
    const { context, account } = gate.postern;
    await changeAccount(context, account, { clientAuthentication: method });
    const hourAgo = Date.now() - 3_600_000;
    const wish = { kind: 'regular', grants: [], expiresAt: null } as const;
    const revoked = await createKey(context, account, { ...wish, name: `revoked ${method}` });
    await revokeKey(context, account, `revoked ${method}`, null);
    const expired = await createKey({ ...context, now: () => hourAgo }, account, {
      ...wish,
      name: `expired ${method}`,
      expiresAt: new Date(hourAgo + 1),
    });
    keys.push(createKeyText('regular'), revoked.text, expired.text, 'not even a key');
    await gate.caughtUp();
  });

  afterAll(async () => {
    await changeAccount(gate.postern.context, gate.postern.account, { clientAuthentication: null });
    await gate.caughtUp();
  });

  it(
    'a wrong, a revoked, an expired and an impossible key take the same time',
    async () => {
      const guess = (key: string) => async () => {
        const client = await gate.greeted({}, { from: from() });
        if (method === 'password') {
          await client.readMessage();
          client.send(buildPassword(key));
        } else await proveByScram(client, key);
        const tookMs = await timed(() => client.readThrough('E'));
        client.close();
        return tookMs;
      };
      expectAlike(await sampleInTurn(keys.map(guess), rounds));
    },
    patienceMs,
  );
});

it(
  'without a certificate, an account that there is and one that is none take the same time',
  async () => {
    const tls = { cert: undefined, key: undefined };
    const ask = (user: string) => async () => {
      const client = await gate.greeted({ user }, { tls, from: from() });
      const tookMs = await timed(() => client.readThrough('E'));
      client.close();
      return tookMs;
    };
    expectAlike(await sampleInTurn([gate.postern.account, 'nobody-here', 'x'.repeat(63)].map(ask), rounds));
  },
  patienceMs,
);

it(
  'a cancel request with the right process id and a wrong secret takes the time of any other',
  async () => {
    const { client, greeting } = await gate.loggedIn({ from: from() });
    const processId = greeting.find(({ type }) => type === 'K')?.body.readInt32BE() ?? 0;
    client.send(message('Q', Buffer.from('SELECT pg_sleep(600)\0')));
    const ask = (id: number) => async () => {
      const canceller = await gate.plain(from());
      canceller.send(buildCancelRequest(id, randomBytes(4)));
      return timed(async () => expect(await canceller.rest()).toHaveLength(0));
    };
    expectAlike(await sampleInTurn([ask(processId), ask(processId ^ 1)], rounds));
    client.close();
  },
  patienceMs,
);
