import { describe, expect, it } from 'vitest';
import { dayOf, daysUntil, durationText, expiryOf, isPast, relativeTime } from '../../src/web/text/times.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const fromNow = (milliseconds: number) => new Date(now + milliseconds).toISOString();

describe('times in words', () => {
  it.each([
    [-5_000, 'just now'],
    [5_000, 'in less than a minute'],
    [-60_000, '1 minute ago'],
    [8 * 3_600_000, 'in 8 hours'],
    [-2 * 86_400_000, '2 days ago'],
    [8 * 3_600_000 - 900, 'in 8 hours'],
    [29.4 * 86_400_000, 'in 29 days'],
    [400 * 86_400_000, 'in 1 year'],
  ])('calls %d ms from now "%s"', (milliseconds, words) => {
    expect(relativeTime(fromNow(milliseconds), now)).toBe(words);
  });

  it('counts whole days and never below none', () => {
    expect(daysUntil(fromNow(30 * 86_400_000 - 1), now)).toBe(29);
    expect(daysUntil(fromNow(-1), now)).toBe(0);
  });

  it('takes what never ends for not past', () => {
    expect([isPast(null, now), isPast(fromNow(1), now), isPast(fromNow(0), now)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.each([
    [42, '42 ms'],
    [3_210, '3.2 s'],
    [600_000, '10 min'],
    [10_800_000, '3 h'],
  ])('tells %d ms as "%s"', (milliseconds, words) => {
    expect(durationText(milliseconds)).toBe(words);
  });
});

describe('how long something lasts', () => {
  it('is told in the same words whenever it is asked', () => {
    expect(expiryOf({ kind: 'for-good' })).toEqual({ expiresAt: null });
    expect(expiryOf({ kind: 'duration', text: '8h' })).toEqual({ expiresIn: '8h' });
  });

  it('counts a day to its end, on this clock', () => {
    const day = dayOf(now + 86_400_000);
    const expiry = expiryOf({ kind: 'date', day });
    const end = Date.parse('expiresAt' in expiry ? (expiry.expiresAt ?? '') : '');
    expect(dayOf(end)).toBe(day);
    expect(dayOf(end + 1_000)).not.toBe(day);
    expect(() => expiryOf({ kind: 'date', day: '' })).toThrow(RangeError);
  });
});
