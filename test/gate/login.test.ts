import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { type Login, WaitingRoom } from '../../src/gate/login.ts';

const patient = 60_000;
const aborted = (login: Login): Promise<unknown> =>
  new Promise((resolve) => {
    login.signal.addEventListener('abort', () => resolve(login.signal.reason));
  });

describe('the waiting room', () => {
  it('counts who is logging in, per address and in all, and each only once', () => {
    const room = new WaitingRoom({ halfOpen: 3, halfOpenPerAddress: 2 });
    const logins = ['a', 'a', 'b'].map((address) => {
      const login = room.startLogin(patient);
      login.countFor(address);
      return login;
    });
    expect(room.size).toBe(3);
    const late = room.startLogin(patient);
    expect(() => late.countFor('a')).toThrow(
      expect.objectContaining({ code: 'address-half-open', facts: { limit: 2 } }),
    );
    expect(() => late.countFor('c')).toThrow(
      expect.objectContaining({ code: 'too-many-half-open', facts: { limit: 3 } }),
    );
    logins[0]?.finish();
    logins[0]?.finish();
    expect(room.size).toBe(2);
    late.countFor('a');
    for (const login of [...logins, late]) login.finish();
    expect(room.size).toBe(0);
  });

  it('does not count who was never let in', () => {
    const room = new WaitingRoom({ halfOpen: 1, halfOpenPerAddress: 1 });
    const [first, second] = [room.startLogin(patient), room.startLogin(patient)];
    first.countFor('a');
    expect(() => second.countFor('a')).toThrow();
    second.finish();
    expect(room.size).toBe(1);
    first.finish();
  });

  it('ends a login at its deadline, with the reason in whole seconds', async () => {
    const room = new WaitingRoom({ halfOpen: 1, halfOpenPerAddress: 1 });
    expect(await aborted(room.startLogin(20))).toMatchObject({
      code: 'login-deadline',
      facts: { seconds: 1 },
    });
  });

  it('leaves alone who finished in time', async () => {
    const room = new WaitingRoom({ halfOpen: 2, halfOpenPerAddress: 2 });
    const finished = room.startLogin(20);
    finished.finish();
    await aborted(room.startLogin(40));
    expect(finished.signal.aborted).toBe(false);
  });

  it('ends everybody at once when the gate closes', () => {
    const room = new WaitingRoom({ halfOpen: 2, halfOpenPerAddress: 2 });
    const [staying, finished] = [room.startLogin(patient), room.startLogin(patient)];
    finished.finish();
    room.abortAll(new Refusal('shutting-down'));
    expect(staying.signal.reason).toMatchObject({ code: 'shutting-down' });
    expect(finished.signal.aborted).toBe(false);
    staying.finish();
  });
});
