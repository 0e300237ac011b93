/**
 * Answers to requests with an Idempotency-Key, for ten minutes and not too many, because they hold secrets. Each owner
 * has so many places; whoever takes all of theirs loses their own oldest answers, never those of others. What is still
 * running is never forgotten: the same request would begin a second time.
 */

import { Problem } from './problem.ts';

const keptMs = 10 * 60_000;
const keptPerOwner = 50;
/** Of all owners: bounds the memory, some 40 KB for each. */
const keptAtMost = 2_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | Buffer;
}

export interface KeptRequest {
  /** Of everything that the answer depends on. */
  readonly fingerprint: string;
  readonly startedAtMs: number;
  /** null: still running. */
  answer: Answer | null;
}

/** By key, in the order of their beginnings. */
type KeptOfOwner = Map<string, KeptRequest>;

export class KeptAnswers {
  readonly #now: () => number;
  readonly #owners = new Map<string, KeptOfOwner>();

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  find(owner: string, key: string): KeptRequest | undefined {
    this.#forgetOld();
    return this.#owners.get(owner)?.get(key);
  }

  /** @throws Problem `rate-limited` when too many of this owner are running */
  begin(owner: string, key: string, fingerprint: string): KeptRequest {
    this.#makeRoom(owner);
    const begun: KeptRequest = { fingerprint, startedAtMs: this.#now(), answer: null };
    const own = this.#owners.get(owner) ?? new Map<string, KeptRequest>();
    this.#owners.set(owner, own.set(key, begun));
    return begun;
  }

  forget(owner: string, key: string): void {
    this.#owners.get(owner)?.delete(key);
  }

  #makeRoom(owner: string): void {
    const own = this.#owners.get(owner);
    if (own !== undefined && own.size >= keptPerOwner && !forgetOldestAnswer(own)) {
      throw new Problem(
        'rate-limited',
        'Too many requests of yours are still running: wait for their answers.',
        {
          headers: { 'retry-after': '1' },
        },
      );
    }
    const all = [...this.#owners.values()];
    if (all.reduce((sum, { size }) => sum + size, 0) < keptAtMost) return;
    const [most] = all.sort((one, other) => other.size - one.size);
    if (most !== undefined) forgetOldestAnswer(most);
  }

  #forgetOld(): void {
    const oldestMs = this.#now() - keptMs;
    for (const [owner, kept] of this.#owners) {
      for (const [key, { startedAtMs, answer }] of kept) {
        if (startedAtMs > oldestMs) break;
        if (answer !== null) kept.delete(key);
      }
      if (kept.size === 0) this.#owners.delete(owner);
    }
  }
}

/** @returns false: all are still running */
const forgetOldestAnswer = (kept: KeptOfOwner): boolean => {
  for (const [key, { answer }] of kept) if (answer !== null) return kept.delete(key);
  return false;
};
