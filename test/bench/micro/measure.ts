/**
 * One figure of a microbenchmark: what was done, the median with its unit, and how far a slow run is from it. Each run
 * does the thing many times, so that the clock's own cost does not count.
 */

import type { Bench } from 'vitest';
import { record } from './figures.ts';

/** From the milliseconds of one run to a figure for people. */
export type Unit = (runMs: number) => string;

const rounded = (value: number): string =>
  value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en').replaceAll(',', ' ');

/** @param bytes that each run deals with */
export const megabytesPerSecond =
  (bytes: number): Unit =>
  (runMs) =>
    `${rounded(bytes / 1e3 / runMs)} MB/s`;

/** @param times that each run does the thing */
export const nanoseconds =
  (times: number): Unit =>
  (runMs) =>
    `${rounded((runMs * 1e6) / times)} ns`;

/** @param times that each run does the thing */
export const microseconds =
  (times: number): Unit =>
  (runMs) =>
    `${rounded((runMs * 1e3) / times)} µs`;

export const measure = async (bench: Bench, what: string, run: () => void, unit: Unit): Promise<void> => {
  const { latency } = await bench(what, run).run();
  record({ what, median: unit(latency.p50), slow: unit(latency.p99) });
};
