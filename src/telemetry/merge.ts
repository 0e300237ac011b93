/**
 * The metrics of several processes as those of one: each metric says itself how its values are put together (prom-client,
 * `aggregator`). Counters of a process that has ended stay, so that no sum ever falls.
 */

import { AggregatorRegistry, type Registry } from 'prom-client';

/** What `Registry.getMetricsAsJSON()` gives; can be sent to another process. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** As they are at run time; the package declares numbers. */
const counts = new Set<unknown>(['counter', 'histogram']);

export const mergeMetrics = (processes: readonly MetricValues[]): Promise<string> =>
  AggregatorRegistry.aggregate([...processes]).metrics();

/** What is left of processes that have ended. */
export const keepCounts = (processes: readonly MetricValues[]): Promise<MetricValues> =>
  AggregatorRegistry.aggregate(
    processes.map((each) => each.filter(({ type }) => counts.has(type))),
  ).getMetricsAsJSON();
