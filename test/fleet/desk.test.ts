import { describe, expect, it } from 'vitest';
import { Desk } from '../../src/fleet/desk.ts';
import { Ledger } from '../../src/fleet/ledger.ts';

const one = { halfOpen: 1, halfOpenPerAddress: 1, sessions: 1, sessionsPerAccount: 1, sessionsPerAddress: 1 };
const address = '198.51.100.1';
const session = (id: string) => ({
  id,
  accountId: 'account',
  address,
  certificateId: null,
  keyId: 'key',
  applicationName: '',
  startedAt: new Date(0),
});

describe('the desk of a worker that has died', () => {
  const desks = () => {
    const ledger = new Ledger(one, () => 0);
    const open = () =>
      new Desk({ ledger, cancelElsewhere: async () => 'unknown', onRoleRejected: () => undefined });
    return [open(), open()] as const;
  };

  it('gives free what it held', () => {
    const [dead, alive] = desks();
    expect(dead.enterHalfOpen(address, true)).toBe(null);
    expect(dead.enterSession(session('a'), null)).toBe(null);
    expect(alive.enterSession(session('b'), null)).not.toBe(null);
    dead.close();
    expect(alive.enterHalfOpen(address, true)).toBe(null);
    expect(alive.enterSession(session('b'), null)).toBe(null);
  });

  it('enters nobody of whom it hears too late', () => {
    const [dead, alive] = desks();
    dead.close();
    expect(dead.enterHalfOpen(address, true)).toMatchObject({ code: 'shutting-down' });
    expect(dead.enterSession(session('a'), null)).toMatchObject({ code: 'shutting-down' });
    expect(alive.enterHalfOpen(address, true)).toBe(null);
    expect(alive.enterSession(session('b'), null)).toBe(null);
  });
});
