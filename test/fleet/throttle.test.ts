import { describe, expect, it } from 'vitest';
import { Throttle } from '../../src/fleet/throttle.ts';

const limits = { freeFailures: 2, firstWaitMs: 1_000, longestWaitMs: 5_000, places: 3 };

const clocked = () => {
  const clock = { nowMs: 0 };
  return { clock, throttle: new Throttle(limits, () => clock.nowMs) };
};

describe('a throttle', () => {
  it('doubles the wait with each failure beyond the free ones, up to the longest', () => {
    const { clock, throttle } = clocked();
    const waits: number[] = [];
    for (let failure = 1; failure <= 7; failure += 1) {
      throttle.failed('here');
      waits.push(throttle.secondsToWait('here'));
      clock.nowMs += 5_000;
    }
    expect(waits).toEqual([0, 0, 1, 2, 4, 5, 5]);
  });

  it('tells whole seconds, never none while there is a wait', () => {
    const { clock, throttle } = clocked();
    for (let failure = 0; failure < 4; failure += 1) throttle.failed('here');
    clock.nowMs = 999;
    expect(throttle.secondsToWait('here')).toBe(2);
    clock.nowMs = 1_999;
    expect(throttle.secondsToWait('here')).toBe(1);
    clock.nowMs = 2_000;
    expect(throttle.secondsToWait('here')).toBe(0);
  });

  it('counts every place for itself, and success wipes the slate', () => {
    const { throttle } = clocked();
    for (let failure = 0; failure < 3; failure += 1) throttle.failed('here');
    expect(throttle.secondsToWait('there')).toBe(0);
    throttle.succeeded('here');
    expect(throttle.secondsToWait('here')).toBe(0);
    throttle.failed('here');
    throttle.failed('here');
    expect(throttle.secondsToWait('here')).toBe(0);
  });

  it('forgets a place after ten quiet minutes, however often it failed', () => {
    const { clock, throttle } = clocked();
    for (let failure = 0; failure < 9; failure += 1) throttle.failed('here');
    clock.nowMs += 599_999;
    throttle.failed('here');
    expect(throttle.secondsToWait('here')).toBe(5);
    clock.nowMs += 600_000;
    throttle.failed('here');
    throttle.failed('here');
    expect(throttle.secondsToWait('here')).toBe(0);
    throttle.failed('here');
    expect(throttle.secondsToWait('here')).toBe(1);
  });

  it('does not make anybody wait for a clock that was set back', () => {
    const { clock, throttle } = clocked();
    clock.nowMs = 3_600_000;
    for (let failure = 0; failure < 9; failure += 1) throttle.failed('here');
    clock.nowMs = 0;
    expect(throttle.secondsToWait('here')).toBe(0);
    throttle.failed('here');
    expect(throttle.secondsToWait('here')).toBe(0);
  });

  it('forgets the place that failed longest ago when there are too many', () => {
    const { throttle } = clocked();
    for (const place of ['a', 'b', 'c'])
      for (let failure = 0; failure < 3; failure += 1) throttle.failed(place);
    throttle.failed('a');
    throttle.failed('d');
    expect(['a', 'b', 'c', 'd'].map((place) => throttle.secondsToWait(place) > 0)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
