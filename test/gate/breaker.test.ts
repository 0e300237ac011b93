import { describe, expect, it } from 'vitest';
import {
  type Breaker,
  type BreakerEvent,
  closed,
  isPassedOver,
  step,
} from '../../src/gate/backend/breaker.ts';

/** After these events, each at its time. */
const after = (...events: readonly (readonly [event: BreakerEvent, nowMs: number])[]): Breaker =>
  events.reduce<Breaker>((breaker, [event, nowMs]) => step(breaker, event, nowMs), closed);

const open = (dueAtMs: number, waitMs: number): Breaker => ({ kind: 'open', dueAtMs, waitMs });
const probing = (dueAtMs: number, waitMs: number): Breaker => ({ kind: 'probing', dueAtMs, waitMs });

describe('a breaker', () => {
  it.each<[string, readonly (readonly [BreakerEvent, number])[], Breaker]>([
    ['is closed at first, and trying changes nothing', [['tried', 0]], closed],
    [
      'stays closed while fewer than three logins in a row fail',
      [
        ['failed', 1],
        ['failed', 2],
      ],
      { kind: 'closed', failures: 2 },
    ],
    [
      'opens with the third',
      [
        ['failed', 1],
        ['failed', 2],
        ['failed', 3],
      ],
      open(1_003, 1_000),
    ],
    [
      'counts anew after a success',
      [
        ['failed', 1],
        ['failed', 2],
        ['served', 3],
        ['failed', 4],
      ],
      { kind: 'closed', failures: 1 },
    ],
    ['opens at once where a host was silent', [['silent', 5]], open(1_005, 1_000)],
    ['learns nothing from a login that was left', [['abandoned', 5]], closed],
    [
      'is not probed before its time',
      [
        ['silent', 0],
        ['tried', 999],
      ],
      open(1_000, 1_000),
    ],
    [
      'is probed at its time',
      [
        ['silent', 0],
        ['tried', 1_000],
      ],
      probing(1_000, 1_000),
    ],
    [
      'closes when the probe is served',
      [
        ['silent', 0],
        ['tried', 1_000],
        ['served', 1_001],
      ],
      closed,
    ],
    [
      'waits twice as long when the probe fails',
      [
        ['silent', 0],
        ['tried', 1_000],
        ['failed', 1_100],
      ],
      open(3_100, 2_000),
    ],
    [
      'is due as before when nobody waited for the probe',
      [
        ['silent', 0],
        ['tried', 1_000],
        ['abandoned', 1_500],
      ],
      open(1_000, 1_000),
    ],
    [
      'counts logins that fail together as one failure',
      [
        ['silent', 0],
        ['silent', 1],
        ['failed', 2],
      ],
      open(1_002, 1_000),
    ],
    [
      'closes as soon as anybody is served',
      [
        ['silent', 0],
        ['served', 1],
      ],
      closed,
    ],
  ])('%s', (_name, events, expected) => {
    expect(after(...events)).toEqual(expected);
  });

  it('waits longer with each probe that fails, and never longer than half a minute', () => {
    const waits: number[] = [];
    let breaker = step(closed, 'silent', 0);
    while (breaker.kind !== 'closed' && waits.length < 8) {
      waits.push(breaker.waitMs);
      const { dueAtMs } = breaker;
      breaker = step(step(breaker, 'tried', dueAtMs), 'silent', dueAtMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it.each<[string, Breaker, number, boolean]>([
    ['closed', closed, 0, false],
    ['open', open(1_000, 1_000), 999, true],
    ['due', open(1_000, 1_000), 1_000, false],
    ['probed by somebody', probing(1_000, 1_000), 5_000, true],
  ])('that is %s is passed over: %#', (_name, breaker, nowMs, expected) => {
    expect(isPassedOver(breaker, nowMs)).toBe(expected);
  });
});
