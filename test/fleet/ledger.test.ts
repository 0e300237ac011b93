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

  it('has room again for everything that a closed desk held, and for nothing else', () => {
    const { ledger, openDesk } = ledgerWith({ halfOpen: 4, sessions: 3 });
    const [dead, alive] = [openDesk(), openDesk()];
    for (const address of ['a', 'a', 'b']) dead.enterHalfOpen(address);
    alive.enterHalfOpen('a');
    dead.enterSession(session('1'), null);
    dead.enterSession(session('2'), null);
    alive.enterSession(session('3'), null);
    // Already left: not to be left a second time.
    dead.leaveHalfOpen('b');
    dead.leaveSession('2');
    dead.close();
    expect([...ledger.sessions()].map(({ id }) => id)).toEqual(['3']);
    expect(['x', 'x', 'x'].map((address) => alive.enterHalfOpen(address))).toEqual([null, null, null]);
    expect(alive.enterHalfOpen('x')).toMatchObject({ code: 'too-many-half-open' });
  });

  it('does not hear any more what a worker had sent before its desk was closed', () => {
    const { ledger, openDesk } = ledgerWith({ halfOpen: 2 });
    const [dead, alive] = [openDesk(), openDesk()];
    dead.enterHalfOpen('a');
    alive.enterHalfOpen('a');
    dead.close();
    dead.leaveHalfOpen('a');
    expect(dead.enterHalfOpen('a')).toMatchObject({ code: 'shutting-down' });
    expect(dead.enterSession(session('1'), null)).toMatchObject({ code: 'shutting-down' });
    expect([...ledger.sessions()]).toEqual([]);
    expect(alive.enterHalfOpen('b')).toBeNull();
    expect(alive.enterHalfOpen('b')).toMatchObject({ code: 'too-many-half-open' });
  });

  it('forgives nobody else when a place that was never taken is left', () => {
    const { ledger } = ledgerWith({ halfOpen: 1 });
    expect(ledger.enterHalfOpen('a')).toBeNull();
    ledger.leaveHalfOpen('b');
    expect(ledger.enterHalfOpen('b')).toMatchObject({ code: 'too-many-half-open', facts: { limit: 1 } });
  });
});
