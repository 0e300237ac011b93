/**
 * Every metric of Postern: name, meaning, labels with all their values, and what becomes of the values of several worker
 * processes. `docs/operations.md` shows the same table; a test compares the two. Label values come from closed lists or
 * from the configuration: nothing that a client sends ever becomes one.
 */

import type { FailureCode, Stage } from '../failures.ts';
import { failures } from '../failures.ts';
import type { CancelOutcome } from '../gate/instance.ts';
import type { EndingSide } from '../gate/values.ts';
import type { FeedState } from '../store/change-feed.ts';

/** How values of several processes become one (prom-client's aggregators). */
export type Merge = 'sum' | 'max' | 'min';

/** All values of a label; `configured`: names that the configuration gives. */
export type ValuesOfLabel = readonly string[] | 'configured';

interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, ValuesOfLabel>>;
  readonly merge: Merge;
}

/** Counted when something happens. */
export interface CounterDefinition extends MetricDefinition {
  readonly kind: 'counter';
}

/** Read when somebody asks for the metrics; `total` only ever rises. */
export interface ReadingDefinition extends MetricDefinition {
  readonly kind: 'gauge' | 'total';
}

export interface HistogramDefinition extends MetricDefinition {
  readonly kind: 'histogram';
  /** Upper bounds in seconds. */
  readonly buckets: readonly number[];
}

export type MetricTable = Readonly<
  Record<string, CounterDefinition | ReadingDefinition | HistogramDefinition>
>;

const stages = ['accept', 'encrypt', 'greet', 'identify', 'open', 'relay'] as const satisfies Stage[];
const reasons = Object.keys(failures) as FailureCode[];
const sides = ['client', 'backend', 'postern'] as const satisfies EndingSide[];
const cancelOutcomes = ['forwarded', 'elsewhere', 'unknown', 'throttled'] as const satisfies CancelOutcome[];
const feedStates = ['starting', 'following', 'polling', 'failing'] as const satisfies FeedState[];

/** `abandoned`: the client left, the time was over, or the session was ended meanwhile. */
export const backendLoginOutcomes = [
  'opened',
  'backend-unreachable',
  'backend-no-primary',
  'backend-no-standby',
  'backend-rejected-role',
  'backend-misbehaved',
  'backend-refused',
  'abandoned',
] as const satisfies ('opened' | FailureCode | 'abandoned')[];

const loginBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const sessionBuckets = [1, 10, 60, 600, 3_600, 28_800, 86_400];
const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3_600];

/** Of every `serve`, whether it has a gate or not. */
export const processTable = {
  reloads: {
    kind: 'counter',
    name: 'postern_reloads_total',
    help: 'Reloads of configuration or certificates, by outcome: applied, or failed and everything kept as it was.',
    labels: { outcome: ['applied', 'failed'] },
    merge: 'sum',
  },
  certificateExpiry: {
    kind: 'gauge',
    name: 'postern_certificate_expiry_timestamp_seconds',
    help: 'When the certificate in use expires, in Unix time; of several in a file or of several backends the soonest.',
    labels: {
      certificate: [
        'server',
        'client_ca',
        'console',
        'backend_ca',
        'backend_client',
        'issuing_ca',
        'server_ca',
      ],
    },
    merge: 'min',
  },
} as const satisfies MetricTable;

/** Of an instance with a gate, whatever the number of its workers; the main process has them alone. */
export const instanceTable = {
  workers: {
    kind: 'gauge',
    name: 'postern_workers',
    help: 'Workers that are serving.',
    labels: {},
    merge: 'sum',
  },
  workerDeaths: {
    kind: 'counter',
    name: 'postern_worker_deaths_total',
    help: 'Worker processes that have died and were replaced.',
    labels: {},
    merge: 'sum',
  },
  halfOpenLimit: {
    kind: 'gauge',
    name: 'postern_connections_half_open_limit',
    help: 'How many connections may be logging in at a time (limits.half_open).',
    labels: {},
    merge: 'sum',
  },
  sessionsLimit: {
    kind: 'gauge',
    name: 'postern_sessions_limit',
    help: 'How many sessions there may be at a time (limits.sessions).',
    labels: {},
    merge: 'sum',
  },
  draining: {
    kind: 'gauge',
    name: 'postern_draining',
    help: '1 while Postern shuts down and lets sessions come to their end.',
    labels: {},
    merge: 'sum',
  },
} as const satisfies MetricTable;

/** Of a gate: of each worker. */
export const gateTable = {
  accepted: {
    kind: 'counter',
    name: 'postern_connections_accepted_total',
    help: 'Connections that were accepted, counted as they come.',
    labels: {},
    merge: 'sum',
  },
  unheard: {
    kind: 'counter',
    name: 'postern_connections_unheard_total',
    help: 'Connections that were closed unheard, because more sockets were open than the limits allow for.',
    labels: {},
    merge: 'sum',
  },
  halfOpenConnections: {
    kind: 'gauge',
    name: 'postern_connections_half_open',
    help: 'Connections that are logging in, or were refused and are not closed yet.',
    labels: {},
    merge: 'sum',
  },
  connections: {
    kind: 'counter',
    name: 'postern_connections_total',
    help: 'Connections that have ended, by outcome.',
    labels: { outcome: ['admitted', 'refused', 'cancel'] },
    merge: 'sum',
  },
  refusals: {
    kind: 'counter',
    name: 'postern_refusals_total',
    help: 'Connections that were refused, by the stage they were in and the reason.',
    labels: { stage: [...stages, 'shut'], reason: reasons },
    merge: 'sum',
  },
  tlsHandshakeSeconds: {
    kind: 'histogram',
    name: 'postern_tls_handshake_seconds',
    help: 'How long TLS handshakes took that succeeded.',
    labels: {},
    buckets: loginBuckets,
    merge: 'sum',
  },
  loginSeconds: {
    kind: 'histogram',
    name: 'postern_login_seconds',
    help: 'From accept to ReadyForQuery, by whom Postern waited for: client, backend, or nobody (postern).',
    labels: { part: ['client', 'postern', 'backend'] },
    buckets: loginBuckets,
    merge: 'sum',
  },
  backendLogins: {
    kind: 'counter',
    name: 'postern_backend_logins_total',
    help: 'Logins to each backend, by outcome: opened, the reason for which it was refused, or abandoned.',
    labels: { backend: 'configured', outcome: backendLoginOutcomes },
    merge: 'sum',
  },
  backendUp: {
    kind: 'gauge',
    name: 'postern_backend_up',
    help: '1 for a host of a backend that logins try; 0 for one that has failed and is passed over for a while.',
    labels: { backend: 'configured', host: 'configured' },
    merge: 'min',
  },
  activeSessions: {
    kind: 'gauge',
    name: 'postern_sessions_active',
    help: 'Sessions being relayed or opened.',
    labels: {},
    merge: 'sum',
  },
  sessionSeconds: {
    kind: 'histogram',
    name: 'postern_session_seconds',
    help: 'How long sessions lasted.',
    labels: {},
    buckets: sessionBuckets,
    merge: 'sum',
  },
  sessionEnds: {
    kind: 'counter',
    name: 'postern_session_ends_total',
    help: 'Sessions that have ended, by side and reason.',
    labels: { side: sides, reason: [...reasons, 'closed'] },
    merge: 'sum',
  },
  relayedBytes: {
    kind: 'total',
    name: 'postern_bytes_total',
    help: 'Bytes relayed, of sessions that live and that have ended.',
    labels: { direction: ['client_to_backend', 'backend_to_client'] },
    merge: 'sum',
  },
  cancels: {
    kind: 'counter',
    name: 'postern_cancels_total',
    help: 'Cancel requests, by outcome.',
    labels: { outcome: cancelOutcomes },
    merge: 'sum',
  },
  policyAgeSeconds: {
    kind: 'gauge',
    name: 'postern_policy_age_seconds',
    help: 'Seconds since the policy was last confirmed by the store.',
    labels: {},
    merge: 'max',
  },
  policyVersion: {
    kind: 'gauge',
    name: 'postern_policy_version',
    help: 'Version of the policy in memory.',
    labels: {},
    merge: 'min',
  },
  policyLagSeconds: {
    kind: 'histogram',
    name: 'postern_policy_lag_seconds',
    help: "From a change's commit in the store until this gate decided by it; of several that came together the oldest.",
    labels: {},
    buckets: lagBuckets,
    merge: 'sum',
  },
  policyFeed: {
    kind: 'gauge',
    name: 'postern_policy_feed_state',
    help: '1 for the state of the way to the store, 0 for the others: polling hears of changes late, failing of none.',
    labels: { state: feedStates },
    merge: 'max',
  },
  accounts: {
    kind: 'gauge',
    name: 'postern_accounts',
    help: 'Accounts in memory.',
    labels: {},
    merge: 'max',
  },
  attemptsWaiting: {
    kind: 'gauge',
    name: 'postern_attempts_waiting',
    help: 'Attempt records on their way to the store.',
    labels: {},
    merge: 'sum',
  },
  attemptsDropped: {
    kind: 'counter',
    name: 'postern_attempts_dropped_total',
    help: 'Attempt records that were lost: the queue to the store was full, or the store did not take them.',
    labels: {},
    merge: 'sum',
  },
} as const satisfies MetricTable;
