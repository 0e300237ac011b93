import { describe, expect, it } from 'vitest';
import { answerWithin, placeWithin } from '../../src/gate/answer.ts';
import type { Denial } from '../../src/gate/instance.ts';

const never = new AbortController().signal;
const late = new Error('too late');
const denial: Denial = { code: 'account-sessions', facts: { limit: 1 } };

describe('an answer of the instance', () => {
  it('is taken when it comes in time, at once or later', async () => {
    expect(await answerWithin(true, never)).toBe(true);
    expect(await answerWithin(Promise.resolve('yes'), never)).toBe('yes');
    await expect(answerWithin(Promise.reject(new Error('gone')), never)).rejects.toThrow('gone');
  });

  it('is not waited for any longer than the login lasts', async () => {
    const login = new AbortController();
    const waiting = answerWithin(Promise.withResolvers<boolean>().promise, login.signal);
    login.abort(late);
    await expect(waiting).rejects.toBe(late);
    await expect(answerWithin(new Promise(() => undefined), login.signal)).rejects.toBe(late);
  });
});

describe('a place', () => {
  it.each([null, denial])('that is answered in time (%o) is the caller’s affair', async (answer) => {
    const givenBack: string[] = [];
    expect(await placeWithin(answer, never, () => givenBack.push('back'))).toBe(answer);
    expect(givenBack).toEqual([]);
  });

  it('that nobody answers for, in time or too late, is not given back', async () => {
    const givenBack: string[] = [];
    const gone = new Error('gone');
    const place = (asked: Promise<Denial | null>, signal: AbortSignal) =>
      placeWithin(asked, signal, () => givenBack.push('back'));
    await expect(place(Promise.reject(gone), never)).rejects.toBe(gone);
    const login = new AbortController();
    const asked = Promise.withResolvers<Denial | null>();
    const waiting = place(asked.promise, login.signal);
    login.abort(late);
    await expect(waiting).rejects.toBe(late);
    asked.reject(gone);
    await asked.promise.catch(() => undefined);
    await Promise.resolve();
    expect(givenBack).toEqual([]);
  });

  it.each([
    [null, ['back']],
    [denial, []],
  ])('that is answered too late (%o) is given back if it was granted: %o', async (answer, expected) => {
    const login = new AbortController();
    const asked = Promise.withResolvers<Denial | null>();
    const givenBack: string[] = [];
    const waiting = placeWithin(asked.promise, login.signal, () => givenBack.push('back'));
    login.abort(late);
    await expect(waiting).rejects.toBe(late);
    expect(givenBack).toEqual([]);
    asked.resolve(answer);
    await asked.promise;
    await Promise.resolve();
    expect(givenBack).toEqual(expected);
  });
});
