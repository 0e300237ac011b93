/** A report that keeps what it is told, with real metrics and a clock that the test sets. */

import type { ConnectionFacts } from '../../src/gate/facts.ts';
import { LoginTime } from '../../src/gate/login-time.ts';
import type { Ending } from '../../src/gate/values.ts';
import type { Log } from '../../src/telemetry/log.ts';
import {
  createInstanceMetrics,
  createMetrics,
  createProcessMetrics,
  type GateReadings,
} from '../../src/telemetry/metrics.ts';
import type { Traffic } from '../../src/telemetry/relayed-bytes.ts';
import { type AttemptRecord, createReport } from '../../src/telemetry/report.ts';

export const closed: Ending = { kind: 'closed', side: 'client' };

/** Of a session that went through, with a known account. */
export const admitted = (given: Partial<ConnectionFacts> = {}): ConnectionFacts => ({
  id: '0123456789ab',
  startedAtMs: 1_000,
  loginTime: new LoginTime(),
  stage: 'relay',
  address: '203.0.113.7',
  port: 40_000,
  accountId: 'a',
  account: 'acme',
  certificateId: 'c',
  keyId: 'k',
  securedAfterMs: 10,
  identifiedAfterMs: 20,
  openedAfterMs: 30,
  clientToBackendBytes: 0,
  backendToClientBytes: 0,
  ...given,
});

const zero = () => 0;

/** Real metrics of an instance that is one process; what is not given reads as nothing. */
export const silentMetrics = (given: Partial<GateReadings> = {}) => {
  const processMetrics = createProcessMetrics();
  createInstanceMetrics(
    { workers: zero, halfOpenLimit: zero, sessionsLimit: zero, draining: zero },
    processMetrics,
  );
  const readings: GateReadings = {
    halfOpenConnections: zero,
    activeSessions: zero,
    relayedBytes: () => [],
    policyAgeSeconds: zero,
    policyVersion: zero,
    policyFeed: () => [],
    accounts: zero,
    attemptsWaiting: zero,
    backendUp: () => [],
    ...given,
  };
  return createMetrics(readings, processMetrics);
};

/** A log that keeps its lines. */
export const keptLog = () => {
  const lines: { readonly level: string; readonly fields: object }[] = [];
  const keep = (level: string) => (fields: object) => void lines.push({ level, fields });
  const log: Log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  return { log, lines };
};

export const reporting = (nowMs = 5_000) => {
  const metrics = silentMetrics();
  const { log, lines } = keptLog();
  const attempts: AttemptRecord[] = [];
  const traffic: Traffic[] = [];
  const sessionEnded = (relayed: Traffic) => void traffic.push(relayed);
  const recordAttempt = (attempt: AttemptRecord) => void attempts.push(attempt);
  return {
    metrics,
    lines,
    attempts,
    traffic,
    report: createReport({ log, metrics, sessionEnded, recordAttempt, now: () => nowMs }),
  };
};
