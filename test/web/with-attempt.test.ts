import { expect, it } from 'vitest';
import { withAttempt } from '../../src/web/activity/with-attempt.ts';
import type { Attempt, Page } from '../../src/web/model.ts';

const attempt = (id: string, second: number): Attempt => ({
  id,
  at: new Date(second * 1_000).toISOString(),
  address: '192.0.2.1',
  certificate: null,
  key: null,
  outcome: 'refused',
  reason: null,
  title: null,
  hint: null,
  applicationName: null,
  durationMs: null,
});

const page = (nextCursor: string | null): Page<Attempt> => ({
  items: [attempt('d', 40), attempt('c', 30), attempt('b', 20)],
  nextCursor,
});
const idsWith = (nextCursor: string | null, told: Attempt) =>
  withAttempt(page(nextCursor), told)
    .items.map(({ id }) => id)
    .join('');

it.each<[string, string | null, Attempt, string]>([
  ['that is new first', null, attempt('e', 50), 'edcb'],
  ['that took long among those that began when it did', null, attempt('x', 25), 'dcxb'],
  ['of the same moment in the order of the console', null, attempt('x', 30), 'dxcb'],
  ['that is there already nowhere', null, attempt('c', 30), 'dcb'],
  ['that is the oldest of all last', null, attempt('a', 10), 'dcba'],
  ['of a part that is not loaded nowhere', 'more', attempt('a', 10), 'dcb'],
])('puts an attempt %s', (_what, nextCursor, told, ids) => {
  expect(idsWith(nextCursor, told)).toBe(ids);
});
