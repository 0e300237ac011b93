/**
 * Every metric, its name, help and labels, in one place (`docs/operations.md` lists them). Labels come from closed
 * lists only: nothing a client sends ever becomes one.
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Read at scrape time. */
export interface GaugeReadings {
  readonly activeSessions: () => number;
  readonly halfOpenConnections: () => number;
  readonly policyAgeSeconds: () => number;
  readonly policyVersion: () => number;
  readonly accounts: () => number;
}

const loginBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Of the process: CPU, memory, event-loop lag, and what becomes of its configuration. */
export const createProcessMetrics = () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const reloads = new Counter({
    name: 'postern_reloads_total',
    help: 'Reloads of configuration or certificates, by outcome: applied, or failed and everything kept as it was.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  // An alert sees a rise only where there was a zero.
  for (const outcome of ['applied', 'failed']) reloads.inc({ outcome }, 0);
  return { registry, reloads };
};

export type ProcessMetrics = ReturnType<typeof createProcessMetrics>;

/** Of an instance, whatever the number of its workers. */
export const createInstanceMetrics = (
  readings: { readonly workers: () => number },
  { registry }: ProcessMetrics,
) => {
  new Gauge({
    name: 'postern_workers',
    help: 'Workers that are serving.',
    registers: [registry],
    collect() {
      this.set(readings.workers());
    },
  });
  return {
    workerDeaths: new Counter({
      name: 'postern_worker_deaths_total',
      help: 'Worker processes that have died and were replaced.',
      registers: [registry],
    }),
  };
};

export const createMetrics = (
  readings: GaugeReadings,
  { registry, reloads }: ProcessMetrics = createProcessMetrics(),
) => {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('postern_sessions_active', 'Sessions being relayed or opened.', readings.activeSessions);
  gauge('postern_connections_half_open', 'Connections that are logging in.', readings.halfOpenConnections);
  gauge(
    'postern_policy_age_seconds',
    'Seconds since the policy was last confirmed by the store.',
    readings.policyAgeSeconds,
  );
  gauge('postern_policy_version', 'Version of the policy in memory.', readings.policyVersion);
  gauge('postern_accounts', 'Accounts in memory.', readings.accounts);
  return {
    registry,
    reloads,
    connections: new Counter({
      name: 'postern_connections_total',
      help: 'Connections that have ended, by outcome.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    refusals: new Counter({
      name: 'postern_refusals_total',
      help: 'Connections that were refused, by the stage they were in and the reason.',
      labelNames: ['stage', 'reason'] as const,
      registers,
    }),
    sessionEnds: new Counter({
      name: 'postern_session_ends_total',
      help: 'Sessions that have ended, by side and reason.',
      labelNames: ['side', 'reason'] as const,
      registers,
    }),
    cancels: new Counter({
      name: 'postern_cancels_total',
      help: 'Cancel requests, by outcome.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    bytes: new Counter({
      name: 'postern_bytes_total',
      help: 'Bytes relayed by sessions that have ended.',
      labelNames: ['direction'] as const,
      registers,
    }),
    handshakeSeconds: new Histogram({
      name: 'postern_tls_handshake_seconds',
      help: 'From accept to the end of the TLS handshake.',
      buckets: loginBuckets,
      registers,
    }),
    loginSeconds: new Histogram({
      name: 'postern_login_seconds',
      help: 'Time until ReadyForQuery: of the client (tls, key) and of the backend.',
      labelNames: ['part'] as const,
      buckets: loginBuckets,
      registers,
    }),
    sessionSeconds: new Histogram({
      name: 'postern_session_seconds',
      help: 'How long sessions lasted.',
      buckets: [1, 10, 60, 600, 3_600, 28_800, 86_400],
      registers,
    }),
    attemptsDropped: new Counter({
      name: 'postern_attempts_dropped_total',
      help: 'Attempt records that were lost: the queue to the store was full, or the store did not take them.',
      registers,
    }),
  };
};

export type Metrics = ReturnType<typeof createMetrics>;
