import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { Ledger } from '../../src/fleet/ledger.ts';
import { type Login, WaitingRoom } from '../../src/gate/login.ts';

const patient = 60_000;
const anybody = () => true;
const aborted = (login: Login): Promise<unknown> =>
  new Promise((resolve) => {
    login.signal.addEventListener('abort', () => resolve(login.signal.reason));
  });

const roomFor = (halfOpen: number, halfOpenPerAddress: number) =>
  new WaitingRoom(
    new Ledger(
      { halfOpen, halfOpenPerAddress, sessions: 1, sessionsPerAccount: 1, sessionsPerAddress: 1 },
      Date.now,
    ),
  );

describe('the waiting room', () => {
  it('counts who is logging in, per address and in all, and each only once', async () => {
    const room = roomFor(3, 2);
    const logins = await Promise.all(
      ['a', 'a', 'b'].map(async (address) => {
        const login = room.startLogin(patient);
        await login.countFor(address, anybody);
        return login;
      }),
    );
    expect(room.size).toBe(3);
    const late = room.startLogin(patient);
    await expect(late.countFor('a', anybody)).rejects.toMatchObject({
      code: 'address-half-open',
      facts: { limit: 2 },
    });
    await expect(late.countFor('c', anybody)).rejects.toMatchObject({
      code: 'too-many-half-open',
      facts: { limit: 3 },
    });
    logins[0]?.finish();
    logins[0]?.finish();
    expect(room.size).toBe(2);
    await late.countFor('a', anybody);
    for (const login of [...logins, late]) login.finish();
    expect(room.size).toBe(0);
  });

  it('does not count who was never let in', async () => {
    const room = roomFor(1, 1);
    const [first, second] = [room.startLogin(patient), room.startLogin(patient)];
    await first.countFor('a', anybody);
    await expect(second.countFor('a', anybody)).rejects.toThrow();
    second.finish();
    expect(room.size).toBe(1);
    first.finish();
  });

  it('ends a login at its deadline, with the reason in whole seconds', async () => {
    const room = roomFor(1, 1);
    expect(await aborted(room.startLogin(20))).toMatchObject({
      code: 'login-deadline',
      facts: { seconds: 1 },
    });
  });

  it('does not keep a place that is granted only when the login has ended', async () => {
    const granted = Promise.withResolvers<null>();
    const left: string[] = [];
    const room = new WaitingRoom({
      enterHalfOpen: () => granted.promise,
      leaveHalfOpen: (address) => left.push(address),
    });
    const login = room.startLogin(20);
    await expect(login.countFor('a', anybody)).rejects.toMatchObject({ code: 'login-deadline' });
    login.finish();
    expect(left).toEqual([]);
    granted.resolve(null);
    await granted.promise;
    await Promise.resolve();
    expect([left, room.size]).toEqual([['a'], 0]);
  });

  it('leaves alone who finished in time', async () => {
    const room = roomFor(2, 2);
    const finished = room.startLogin(20);
    finished.finish();
    await aborted(room.startLogin(40));
    expect(finished.signal.aborted).toBe(false);
  });

  it('ends everybody at once when it has to, and is then empty', async () => {
    const room = roomFor(2, 2);
    const [staying, finished] = [room.startLogin(patient), room.startLogin(patient)];
    finished.finish();
    const emptied = room.emptied();
    room.abortAll(new Refusal('shutting-down'));
    expect(staying.signal.reason).toMatchObject({ code: 'shutting-down' });
    expect(finished.signal.aborted).toBe(false);
    staying.finish();
    await emptied;
  });
});
