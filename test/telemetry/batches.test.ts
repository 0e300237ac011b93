import { afterEach, describe, expect, it } from 'vitest';
import { Batches } from '../../src/telemetry/batches.ts';
import { pollUntil } from '../support/poll.ts';

const open: Batches<number>[] = [];
afterEach(async () => {
  for (const batches of open.splice(0)) await batches.close();
});

/** A store that takes batches, or not, as the test says. */
const observed = ({ capacity = 5_000, flushIntervalMs = 60_000 } = {}) => {
  const seen = {
    written: [] as number[][],
    dropped: 0,
    failures: [] as unknown[],
    underWay: 0,
    mostUnderWay: 0,
    store: (): Promise<void> => Promise.resolve(),
  };
  const batches = new Batches<number>({
    capacity,
    flushIntervalMs,
    write: async (batch) => {
      seen.underWay += 1;
      seen.mostUnderWay = Math.max(seen.mostUnderWay, seen.underWay);
      try {
        await seen.store();
        seen.written.push([...batch]);
      } finally {
        seen.underWay -= 1;
      }
    },
    onDropped: (count) => {
      seen.dropped += count;
    },
    onFailed: (error) => seen.failures.push(error),
  });
  open.push(batches);
  return { seen, batches };
};
const add = (batches: Batches<number>, from: number, to: number) => {
  for (let item = from; item < to; item += 1) batches.add(item);
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('records on their way to the store', () => {
  it('are written together after the interval, in their order', async () => {
    const { seen, batches } = observed({ flushIntervalMs: 10 });
    add(batches, 0, 3);
    expect(seen.written).toEqual([]);
    await pollUntil(() => seen.written.length > 0);
    expect(seen.written).toEqual([[0, 1, 2]]);
  });

  it('go a thousand at a time', async () => {
    const { seen, batches } = observed();
    add(batches, 0, 2_500);
    await batches.flush();
    expect(seen.written.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(seen.written.flat()).toEqual(numbers(0, 2_500));
  });

  it('wait, in their order, for a store that is away', async () => {
    const { seen, batches } = observed();
    seen.store = () => Promise.reject(new Error('away'));
    add(batches, 0, 3);
    await batches.flush();
    expect(seen.failures).toEqual([new Error('away')]);
    seen.store = () => Promise.resolve();
    add(batches, 3, 5);
    await batches.flush();
    expect(seen.written).toEqual([[0, 1, 2, 3, 4]]);
    expect(seen.dropped).toBe(0);
  });

  it('are dropped, the oldest first, and counted when there are too many', async () => {
    const { seen, batches } = observed({ capacity: 10 });
    const { promise, reject } = Promise.withResolvers<void>();
    seen.store = () => promise;
    add(batches, 0, 8);
    const flushing = batches.flush();
    // The batch under way comes back on top of these, and then there are too many.
    add(batches, 8, 15);
    reject(new Error('away'));
    await flushing;
    expect(seen.dropped).toBe(5);
    seen.store = () => Promise.resolve();
    await batches.flush();
    expect(seen.written.flat()).toEqual(numbers(5, 15));
    add(batches, 0, 12);
    expect(seen.dropped).toBe(7);
  });

  it('are never written by two at once', async () => {
    const { seen, batches } = observed();
    add(batches, 0, 2_000);
    await Promise.all([batches.flush(), batches.flush(), batches.flush()]);
    expect(seen.mostUnderWay).toBe(1);
    expect(seen.written.flat()).toEqual(numbers(0, 2_000));
  });

  it('that are left are written at the end, also those that came during the last write', async () => {
    const { seen, batches } = observed();
    const { promise, resolve } = Promise.withResolvers<void>();
    seen.store = () => promise;
    add(batches, 0, 2);
    const closing = batches.close();
    add(batches, 2, 4);
    resolve();
    await closing;
    expect(seen.written.flat()).toEqual([0, 1, 2, 3]);
  });

  it('do not keep the end waiting for a store that refuses', async () => {
    const { seen, batches } = observed();
    seen.store = () => Promise.reject(new Error('away'));
    add(batches, 0, 2);
    await batches.close();
    expect(seen.failures.length).toBeGreaterThan(0);
    expect(seen.written).toEqual([]);
  });
});
