import { describe, expect, it } from 'vitest';
import { Desk } from '../../src/fleet/desk.ts';
import { Ledger, type Limits } from '../../src/fleet/ledger.ts';
import type { SessionEntry } from '../../src/gate/instance.ts';

const roomy: Limits = {
  halfOpen: 100,
  halfOpenPerAddress: 100,
  sessions: 100,
  sessionsPerAccount: 100,
  sessionsPerAddress: 100,
};

const ledgerWith = (limits: Partial<Limits>) => {
  const ledger = new Ledger({ ...roomy, ...limits }, Date.now);
  const openDesk = () =>
    new Desk({ ledger, cancelElsewhere: async () => 'unknown', onRoleRejected: () => undefined });
  return { ledger, openDesk };
};

const session = (id: string, changes: Partial<SessionEntry> = {}): SessionEntry => ({
  id,
  accountId: 'acme',
  address: '203.0.113.7',
  certificateId: null,
  keyId: 'key',
  applicationName: '',
  startedAt: new Date(),
  ...changes,
});

describe('the ledger of an instance', () => {
  it.each([
    { limits: { sessions: 2 }, code: 'instance-sessions' },
    { limits: { sessionsPerAccount: 2 }, code: 'account-sessions' },
    { limits: { sessionsPerAddress: 2 }, code: 'address-sessions' },
  ] as const)('counts the sessions of all desks together: $code', ({ limits, code }) => {
    const { openDesk } = ledgerWith(limits);
    const [one, other] = [openDesk(), openDesk()];
    expect(one.enterSession(session('1'), null)).toBeNull();
    expect(other.enterSession(session('2'), null)).toBeNull();
    expect(one.enterSession(session('3'), null)).toEqual({ code, facts: { limit: 2 } });
    other.leaveSession('2');
    expect(one.enterSession(session('3'), null)).toBeNull();
  });

  it('lets the limit of an account stand in for the one of the instance', () => {
    const { ledger } = ledgerWith({ sessionsPerAccount: 1 });
    expect(ledger.enterSession(session('1'), 2)).toBeNull();
    expect(ledger.enterSession(session('2'), 2)).toBeNull();
    expect(ledger.enterSession(session('3'), 2)).toMatchObject({ facts: { limit: 2 } });
    expect(ledger.enterSession(session('4', { accountId: 'other' }), 0)).toMatchObject({
      code: 'account-sessions',
      facts: { limit: 0 },
    });
  });

  it('keeps half of the places for addresses that an account admits, whoever else comes from wherever', () => {
    const { ledger } = ledgerWith({ halfOpen: 5 });
    const strangers = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
    expect(strangers.map((address) => ledger.enterHalfOpen(address, false))).toEqual([
      null,
      null,
      null,
      { code: 'too-many-half-open', facts: { limit: 3 } },
    ]);
    expect(ledger.enterHalfOpen('203.0.113.7', true)).toBeNull();
    expect(ledger.enterHalfOpen('203.0.113.8', true)).toBeNull();
    expect(ledger.enterHalfOpen('203.0.113.9', true)).toEqual({
      code: 'too-many-half-open',
      facts: { limit: 5 },
    });
  });

  it('counts an IPv6 address with the rest of its /64, of which whoever has one has all', () => {
    const { ledger } = ledgerWith({ halfOpenPerAddress: 2, sessionsPerAddress: 1 });
    expect(ledger.enterHalfOpen('2001:db8::1', true)).toBeNull();
    expect(ledger.enterHalfOpen('2001:db8::ffff:2', true)).toBeNull();
    expect(ledger.enterHalfOpen('2001:db8:0:0:3::', true)).toMatchObject({ code: 'address-half-open' });
    expect(ledger.enterHalfOpen('2001:db8:0:1::1', true)).toBeNull();
    ledger.leaveHalfOpen('2001:db8::ffff:2');
    expect(ledger.enterHalfOpen('2001:db8::4', true)).toBeNull();

    expect(ledger.enterSession(session('1', { address: '2001:db8::1' }), null)).toBeNull();
    const neighbour = session('2', { address: '2001:db8::2' });
    expect(ledger.enterSession(neighbour, null)).toMatchObject({ code: 'address-sessions' });
    ledger.leaveSession('1');
    expect(ledger.enterSession(neighbour, null)).toBeNull();

    for (let guess = 0; guess <= 20; guess += 1) ledger.cancelFailed(`2001:db8:7::${guess}`);
    expect(ledger.mayCancel('2001:db8:7::9999')).toBe(false);
    expect(ledger.mayCancel('2001:db8:7:1::1')).toBe(true);
  });

  it('has room again for everything that a closed desk held, and for nothing else', () => {
    const { ledger, openDesk } = ledgerWith({ halfOpen: 4, sessions: 3 });
    const [dead, alive] = [openDesk(), openDesk()];
    for (const address of ['a', 'a', 'b']) dead.enterHalfOpen(address, true);
    alive.enterHalfOpen('a', true);
    dead.enterSession(session('1'), null);
    dead.enterSession(session('2'), null);
    alive.enterSession(session('3'), null);
    // Already left: not to be left a second time.
    dead.leaveHalfOpen('b');
    dead.leaveSession('2');
    dead.close();
    expect([...ledger.sessions()].map(({ id }) => id)).toEqual(['3']);
    expect(['x', 'x', 'x'].map((address) => alive.enterHalfOpen(address, true))).toEqual([null, null, null]);
    expect(alive.enterHalfOpen('x', true)).toMatchObject({ code: 'too-many-half-open' });
  });

  it('does not hear any more what a worker had sent before its desk was closed', () => {
    const { ledger, openDesk } = ledgerWith({ halfOpen: 2 });
    const [dead, alive] = [openDesk(), openDesk()];
    dead.enterHalfOpen('a', true);
    alive.enterHalfOpen('a', true);
    dead.close();
    dead.leaveHalfOpen('a');
    expect(dead.enterHalfOpen('a', true)).toMatchObject({ code: 'shutting-down' });
    expect(dead.enterSession(session('1'), null)).toMatchObject({ code: 'shutting-down' });
    expect([...ledger.sessions()]).toEqual([]);
    expect(alive.enterHalfOpen('b', true)).toBeNull();
    expect(alive.enterHalfOpen('b', true)).toMatchObject({ code: 'too-many-half-open' });
  });

  it('forgives nobody else when a place that was never taken is left', () => {
    const { ledger } = ledgerWith({ halfOpen: 1 });
    expect(ledger.enterHalfOpen('a', true)).toBeNull();
    ledger.leaveHalfOpen('b');
    expect(ledger.enterHalfOpen('b', true)).toMatchObject({
      code: 'too-many-half-open',
      facts: { limit: 1 },
    });
  });
});
