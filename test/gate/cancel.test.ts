import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildCancelRequest } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import type { RawClient } from '../support/raw-client.ts';
import { message, parseError, type RawMessage } from '../support/raw-messages.ts';
import { gateUnderTest, gateWith } from './gate-fixture.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.100.0/24'],
});
/** Wrong keys are counted per address. */
let host = 0;
const from = () => `198.51.100.${100 + host++}`;

interface Running {
  readonly client: RawClient;
  readonly processId: number;
  readonly secret: Buffer;
}

/** A session in the middle of a query that the backend is seen to run. */
const running = async (minor = 0): Promise<Running> => {
  const { client, greeting } = await gate.loggedIn({ minor, from: from() });
  const key = greeting.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(0);
  client.send(message('Q', Buffer.from(`SELECT pg_sleep(600), '${key.toString('hex')}'\0`)));
  await pollUntil(async () => (await sleepers(key.toString('hex'))) === 1);
  return { client, processId: key.readInt32BE(), secret: key.subarray(4) };
};

const sleepers = async (mark: string): Promise<number> => {
  const rows = await gate.postern.superuser(
    `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%${mark}%' AND state = 'active' AND pid <> pg_backend_pid()`,
  );
  return rows.length;
};

const cancelled = async ({ client }: Running): Promise<RawMessage[]> => {
  const answers = await client.readThrough('Z');
  const error = answers.find(({ type }) => type === 'E');
  expect(parseError(error?.body ?? Buffer.alloc(0))).toMatchObject({
    sqlstate: '57014',
    message: 'canceling statement due to user request',
  });
  return answers;
};

const roads = {
  'in plaintext': async (address: string) => gate.plain(address),
  'after SSLRequest': async (address: string) => gate.secured({}, address),
  'after SSLRequest, without a certificate': async (address: string) =>
    gate.secured({ cert: undefined, key: undefined }, address),
  'in direct TLS': async (address: string) => {
    const client = await gate.plain(address);
    await client.upgrade(gate.tlsOptions({ ALPNProtocols: ['postgresql'] }));
    return client;
  },
};

describe.each(Object.entries(roads))('a cancel request %s', (_name, road) => {
  it.each([0, 2])(
    'cancels the running query of a client of protocol 3.%d, and says nothing',
    async (minor) => {
      const session = await running(minor);
      expect(session.secret).toHaveLength(minor === 0 ? 4 : 32);
      const canceller = await road(from());
      canceller.send(buildCancelRequest(session.processId, session.secret));
      expect(await canceller.rest()).toHaveLength(0);
      await cancelled(session);
      // The session goes on.
      session.client.send(message('Q', Buffer.from('SELECT 1\0')));
      expect((await session.client.readThrough('Z')).map(({ type }) => type).join('')).toBe('TDCZ');
    },
  );
});

describe("a cancel request that is not the client's", () => {
  it.each<[string, (session: Running) => Buffer]>([
    [
      'with another secret',
      ({ processId, secret }) => buildCancelRequest(processId, randomBytes(secret.length)),
    ],
    ['with another process id', ({ processId, secret }) => buildCancelRequest(processId ^ 1, secret)],
    [
      'with half the secret',
      ({ processId, secret }) => buildCancelRequest(processId, secret.subarray(0, 16)),
    ],
    [
      'with more than the secret',
      ({ processId, secret }) => buildCancelRequest(processId, Buffer.concat([secret, secret])),
    ],
    ['with the process id alone', ({ processId }) => buildCancelRequest(processId, Buffer.alloc(4))],
  ])('changes nothing and gets no answer: %s', async (_name, order) => {
    const session = await running(2);
    const canceller = await gate.plain(from());
    canceller.send(order(session));
    expect(await canceller.rest()).toHaveLength(0);
    await gate.logged({ cancel: 'unknown', outcome: 'cancel', level: 'debug' });
    expect(await sleepers(session.secret.toString('hex'))).toBe(1);
    // It was the request: the right one works.
    const right = await gate.plain(from());
    right.send(buildCancelRequest(session.processId, session.secret));
    await cancelled(session);
  });

  it('is ignored from an address that the account does not allow, even with the right key', async () => {
    const session = await running();
    const canceller = await gate.plain('203.0.113.77');
    canceller.send(buildCancelRequest(session.processId, session.secret));
    expect(await canceller.rest()).toHaveLength(0);
    await gate.logged({ cancel: 'unknown', address: '203.0.113.77' });
    expect(await sleepers(session.secret.toString('hex'))).toBe(1);
  });

  it('is slowed down after twenty misses, for its own address only', async () => {
    const guesser = from();
    for (let time = 0; time < 22; time += 1) {
      const client = await gate.plain(guesser);
      client.send(buildCancelRequest(1, randomBytes(4)));
      expect(await client.rest()).toHaveLength(0);
    }
    await gate.logged({ cancel: 'throttled', address: guesser });
    const session = await running();
    const right = await gate.plain(from());
    right.send(buildCancelRequest(session.processId, session.secret));
    await cancelled(session);
  });

  it('finds nobody once the session has ended', async () => {
    const session = await running();
    session.client.close();
    await gate.atRest();
    const late = await gate.plain(from());
    late.send(buildCancelRequest(session.processId, session.secret));
    expect(await late.rest()).toHaveLength(0);
    await gate.logged({ cancel: 'unknown' });
  });
});

describe('a malformed cancel request', () => {
  it.each([
    ['without a secret', Buffer.alloc(0)],
    ['with three bytes of a secret', Buffer.alloc(3)],
    ['with 257 bytes of a secret', Buffer.alloc(257)],
  ])('%s gets no answer, as from PostgreSQL', async (_name, secret) => {
    const client = await gate.plain(from());
    client.send(buildCancelRequest(1, secret));
    expect(await client.rest()).toHaveLength(0);
    await gate.logged({ reason: 'not-postgresql', stage: 'encrypt' });
  });
});
