import { describe, expect, it } from 'vitest';
import { KeptAnswers } from '../../src/console/kept-answers.ts';

const answer = { status: 201, headers: {}, payload: 'secret' };
const minuteMs = 60_000;

const keeping = () => {
  const clock = { nowMs: 0 };
  const answers = new KeptAnswers(() => clock.nowMs);
  const keep = (owner: string, key: string | number) => {
    answers.begin(owner, String(key), 'f').answer = answer;
  };
  const has = (owner: string, key: string | number) => answers.find(owner, String(key)) !== undefined;
  return { answers, clock, keep, has };
};

describe('kept answers', () => {
  it('are lost to newer ones of the same owner, never to those of another', () => {
    const { keep, has } = keeping();
    keep('one', 'mine');
    for (let key = 0; key < 5_000; key += 1) keep('other', key);
    expect(has('one', 'mine')).toBe(true);
    expect([has('other', 4_949), has('other', 4_950), has('other', 4_999)]).toEqual([false, true, true]);
  });

  it('of many owners are bounded, and those go first who keep most', () => {
    const { keep, has } = keeping();
    keep('small', 'mine');
    for (let owner = 0; owner < 45; owner += 1) {
      for (let key = 0; key < 50; key += 1) keep(`${owner}`, key);
    }
    expect(has('small', 'mine')).toBe(true);
    let kept = 0;
    for (let owner = 0; owner < 45; owner += 1) {
      for (let key = 0; key < 50; key += 1) kept += has(`${owner}`, key) ? 1 : 0;
    }
    expect(kept).toBe(1_999);
  });

  it('go after ten minutes', () => {
    const { keep, has, clock } = keeping();
    keep('one', 'mine');
    clock.nowMs = 10 * minuteMs - 1;
    expect(has('one', 'mine')).toBe(true);
    clock.nowMs = 10 * minuteMs;
    expect(has('one', 'mine')).toBe(false);
  });
});

describe('requests that are still running', () => {
  it('stay known, however many others come and however long they take', () => {
    const { answers, keep, has, clock } = keeping();
    answers.begin('one', 'running', 'f');
    for (let key = 0; key < 200; key += 1) keep('one', key);
    clock.nowMs = 60 * minuteMs;
    expect(has('one', 'running')).toBe(true);
    expect(has('one', 199)).toBe(false);
  });

  it('let no more begin when there are too many, until one has its answer', () => {
    const { answers, keep } = keeping();
    const running = Array.from({ length: 50 }, (_, key) => answers.begin('one', `${key}`, 'f'));
    expect(() => keep('one', 'more')).toThrow('still running');
    expect(() => keep('other', 'more')).not.toThrow();
    for (const each of running.slice(0, 1)) each.answer = answer;
    expect(() => keep('one', 'more')).not.toThrow();
  });
});
