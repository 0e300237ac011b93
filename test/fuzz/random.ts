/**
 * Chance that can be repeated: each case has a source of its own, made of the run's seed and its number, so that any one
 * of a hundred thousand can be made again alone. (fast-check repeats a run from its start, and runs one case at a time.)
 */

export class Random {
  #state: number;

  constructor(seed: number, index: number) {
    this.#state = (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(index + 1, 0xc2b2_ae35)) >>> 0;
  }

  /** mulberry32: 0 … 2³² − 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 … `limit` − 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(among: readonly T[]): T {
    return among[this.below(among.length)] as T;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  /** So many of them on average as the weights say. */
  weighted<T>(among: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(among.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of among) {
      left -= weight;
      if (left < 0) return value;
    }
    throw new Error('no weights');
  }
}
