import { describe, expect, it } from 'vitest';
import { whyClosed } from '../../src/fleet/worker.ts';

const open = { closedBecause: null };
const starting = { closedBecause: { code: 'starting-up' as const, facts: {} } };

describe('an instance is open', () => {
  it.each([
    { states: [open], why: null },
    { states: [open, open], why: null },
    { states: [open, starting], why: 'starting-up' },
    { states: [starting, starting], why: 'starting-up' },
    { states: [], why: 'starting-up' },
  ])('when all of its workers are: $why', ({ states, why }) => {
    expect(whyClosed(states)?.code ?? null).toBe(why);
  });
});
