/** The metrics of a process, of an instance and of a gate, by the table in metric-table.ts, on one registry. */

import { collectDefaultMetrics, Registry } from 'prom-client';
import { failures } from '../failures.ts';
import { buildMetrics, type ReadingsOf } from './build-metrics.ts';
import { gateTable, instanceTable, processTable } from './metric-table.ts';

/** Read when somebody asks for the metrics. */
export type GateReadings = ReadingsOf<typeof gateTable>;

/** What a certificate is for. */
export type CertificateUse = (typeof processTable.certificateExpiry.labels.certificate)[number];

/** Unix times at which the certificates in use expire; filled when they are loaded, and anew with each reload. */
export type CertificateExpiries = Map<CertificateUse, number>;

/** Of several processes the one that lags most counts; prom-client's average would hide it behind idle ones. */
const lags = ['', 'mean_', 'p50_', 'p90_', 'p99_'].map((part) => `nodejs_eventloop_lag_${part}seconds`);

/** Of the process: CPU, memory, event-loop lag, and what becomes of its configuration. */
export const createProcessMetrics = () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of lags) Object.assign(registry.getSingleMetric(name) ?? {}, { aggregator: 'max' });
  const certificateExpiries: CertificateExpiries = new Map();
  const readings: ReadingsOf<typeof processTable> = {
    certificateExpiry: () =>
      [...certificateExpiries].map(([certificate, seconds]) => [{ certificate }, seconds] as const),
  };
  return { registry, certificateExpiries, ...buildMetrics(processTable, readings, registry) };
};

export type ProcessMetrics = ReturnType<typeof createProcessMetrics>;

/** Of an instance, whatever the number of its workers. */
export const createInstanceMetrics = (
  readings: ReadingsOf<typeof instanceTable>,
  { registry }: ProcessMetrics,
) => buildMetrics(instanceTable, readings, registry);

export const createMetrics = (readings: GateReadings, processMetrics: ProcessMetrics) => {
  const metrics = { ...processMetrics, ...buildMetrics(gateTable, readings, processMetrics.registry) };
  // What backends do to logins is worth an alert, which sees a rise only where there was a zero.
  for (const [reason, { stage }] of Object.entries(failures)) {
    if (stage === 'open') metrics.refusals.inc({ stage, reason: reason as keyof typeof failures }, 0);
  }
  return metrics;
};

export type Metrics = ReturnType<typeof createMetrics>;
