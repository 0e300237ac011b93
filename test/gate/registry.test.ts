/** The register alone: what it asks of instance and policy, and what it leaves behind. */

import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { beginFacts } from '../../src/gate/facts.ts';
import type { Denial } from '../../src/gate/instance.ts';
import { SessionRegistry } from '../../src/gate/registry.ts';
import { Session } from '../../src/gate/session.ts';
import type { PolicyView } from '../../src/policy/book.ts';
import { accountWith, address, bookOf, certificate, hourMs, key, now } from '../policy/sample-account.ts';

const newSession = (): Session =>
  new Session(
    {
      accountId: 'account-1',
      address: address('198.51.100.7'),
      shownAddress: '198.51.100.7',
      certificateId: certificate.id,
      keyId: key.id,
      keyDigest: key.digest,
    },
    beginFacts('198.51.100.7', 40_000, now),
  );

const never = new AbortController().signal;

const registryWith = (
  enterSession: () => Denial | null | Promise<Denial | null>,
  { policy = bookOf(accountWith()), clock = () => now }: { policy?: PolicyView; clock?: () => number } = {},
) => {
  const left: string[] = [];
  const places = { enterSession, leaveSession: (id: string) => left.push(id) };
  return { left, registry: new SessionRegistry(places, policy, clock, () => []) };
};

describe('a session on the register', () => {
  it('has its place until it leaves', async () => {
    const { registry, left } = registryWith(() => null);
    const session = newSession();
    await registry.admit(session, never);
    expect([registry.size, left]).toEqual([1, []]);
    registry.untrack(session);
    expect([registry.size, left]).toEqual([0, [session.id]]);
  });

  it('has none when its login ends before it is granted', async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    const { registry, left } = registryWith(() => promise);
    const login = new AbortController();
    const session = newSession();
    const admitted = registry.admit(session, login.signal);
    const deadline = new Refusal('login-deadline', { seconds: 1 });
    login.abort(deadline);
    await expect(admitted).rejects.toBe(deadline);
    resolve(null);
    await promise;
    expect([registry.size, left]).toEqual([0, [session.id]]);
  });

  it('has none when a limit or the policy is against it', async () => {
    const limited = registryWith(() => ({ code: 'account-sessions', facts: { limit: 1 } }));
    await expect(limited.registry.admit(newSession(), never)).rejects.toMatchObject({
      code: 'account-sessions',
    });
    const disabled = registryWith(() => null, { policy: bookOf(accountWith({ enabled: false })) });
    const session = newSession();
    await expect(disabled.registry.admit(session, never)).rejects.toMatchObject({
      code: 'ended-account-disabled',
    });
    expect([disabled.registry.size, disabled.left]).toEqual([0, [session.id]]);
  });
});

it('sessions that expire together are judged by one look at their account', async () => {
  let [nowMs, looks] = [now, 0];
  const book = bookOf(accountWith());
  const policy: PolicyView = {
    outlineNamed: (name) => book.outlineNamed(name),
    ownerOf: (fingerprint) => book.ownerOf(fingerprint),
    admitsSomewhere: (from, at) => book.admitsSomewhere(from, at),
    accountWithId: (id) => {
      looks += 1;
      return book.accountWithId(id);
    },
  };
  const { registry } = registryWith(() => null, { policy, clock: () => nowMs });
  const sessions = [newSession(), newSession(), newSession()];
  for (const session of sessions) await registry.admit(session, never);
  looks = 0;
  registry.recheckExpired();
  expect(looks).toBe(0);
  nowMs = now + 25 * hourMs;
  registry.recheckExpired();
  expect(looks).toBe(1);
  expect(sessions.map(({ ending }) => ending.reason)).toEqual(
    sessions.map(() => expect.objectContaining({ code: 'ended-certificate-expired' })),
  );
});
