/**
 * One ended connection → one log line, its metrics, and, where its account is known, its attempt record. What is
 * written is a fixed list of fields; text from the client is bounded and, being JSON, cannot break a line.
 */

import type { Refusal } from '../errors.ts';
import { failureOf, type LogLevel } from '../failures.ts';
import type { ConnectionFacts } from '../gate/facts.ts';
import type { Ending } from '../gate/values.ts';
import type { Log } from './log.ts';
import { backendLoginOutcomes } from './metric-table.ts';
import type { Metrics } from './metrics.ts';
import type { Traffic } from './relayed-bytes.ts';

/** What the store keeps of a connection whose account is known; its columns are the store's affair. */
export interface AttemptRecord {
  readonly id: string;
  readonly at: Date;
  readonly accountId: string;
  readonly account: string | null;
  readonly address: string | null;
  readonly certificateId: string | null;
  readonly keyId: string | null;
  readonly outcome: 'admitted' | 'refused';
  readonly reason: Refusal['code'] | null;
  readonly sqlstate: string | null;
  readonly database: string | null;
  readonly applicationName: string | null;
  readonly durationMs: number;
}

export interface ReportDependencies {
  readonly log: Log;
  readonly metrics: Metrics;
  /** What a connection has relayed in all. */
  readonly sessionEnded: (traffic: Traffic) => void;
  readonly recordAttempt: (attempt: AttemptRecord) => void;
  readonly now: () => number;
}

const longestText = 128;
const bounded = (text: string | undefined): string | undefined => text?.slice(0, longestText);

/** The clock may have been set back meanwhile: nothing lasts less than no time. */
const elapsedMs = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs);

const refusalOf = (ending: Ending): Refusal | null =>
  ending.kind === 'refused' || ending.kind === 'ended' ? ending.refusal : null;

const outcomeOf = (facts: ConnectionFacts, ending: Ending): 'admitted' | 'refused' | 'cancel' => {
  if (ending.kind === 'cancel') return 'cancel';
  return facts.openedAfterMs === undefined ? 'refused' : 'admitted';
};

const levelOf = (ending: Ending): LogLevel => {
  const refusal = refusalOf(ending);
  return refusal ? failureOf(refusal.code).level : ending.kind === 'cancel' ? 'debug' : 'info';
};

const logLine = (facts: ConnectionFacts, ending: Ending, durationMs: number) => {
  const refusal = refusalOf(ending);
  const cause = refusal?.cause ?? refusal?.facts.reason;
  return {
    connection: facts.id,
    outcome: outcomeOf(facts, ending),
    stage: facts.stage,
    address: facts.address,
    port: facts.port,
    account: facts.account,
    user: bounded(facts.user),
    database: bounded(facts.database),
    application: bounded(facts.applicationName),
    certificate: facts.certificateSerial,
    certificateName: facts.certificateName,
    key: facts.keyName,
    backend: facts.backend,
    backendHost: facts.backendHost,
    tls: facts.tlsVersion,
    protocol: facts.protocol,
    reason: refusal?.code,
    sqlstate: refusal ? failureOf(refusal.code).sqlstate : undefined,
    cancel: ending.kind === 'cancel' ? ending.outcome : undefined,
    side: ending.kind === 'closed' ? ending.side : undefined,
    ...(cause === undefined ? {} : { error: cause }),
    securedAfterMs: facts.securedAfterMs,
    identifiedAfterMs: facts.identifiedAfterMs,
    openedAfterMs: facts.openedAfterMs,
    durationMs,
    clientToBackendBytes: facts.clientToBackendBytes,
    backendToClientBytes: facts.backendToClientBytes,
  };
};

const count = (metrics: Metrics, facts: ConnectionFacts, ending: Ending, durationMs: number): void => {
  const outcome = outcomeOf(facts, ending);
  metrics.connections.inc({ outcome });
  if (ending.kind === 'cancel') metrics.cancels.inc({ outcome: ending.outcome });
  if (ending.kind === 'refused') metrics.refusals.inc({ stage: facts.stage, reason: ending.refusal.code });
  const { backend } = facts;
  if (outcome === 'refused' && backend !== undefined) {
    const code = refusalOf(ending)?.code;
    const known = backendLoginOutcomes.find((each) => each === code) ?? 'abandoned';
    metrics.backendLogins.inc({ backend, outcome: known });
  }
  if (outcome !== 'admitted') return;
  const openedAfterMs = elapsedMs(0, facts.openedAfterMs ?? 0);
  metrics.sessionSeconds.observe(elapsedMs(openedAfterMs, durationMs) / 1000);
  metrics.sessionEnds.inc({
    side: ending.kind === 'closed' ? ending.side : 'postern',
    reason: refusalOf(ending)?.code ?? 'closed',
  });
};

const attemptOf = (
  facts: ConnectionFacts,
  accountId: string,
  ending: Ending,
  durationMs: number,
): AttemptRecord => {
  const refusal = refusalOf(ending);
  return {
    id: facts.id,
    at: new Date(facts.startedAtMs),
    accountId,
    account: facts.account ?? null,
    address: facts.address || null,
    certificateId: facts.certificateId ?? null,
    keyId: facts.keyId ?? null,
    outcome: facts.openedAfterMs === undefined ? 'refused' : 'admitted',
    reason: refusal?.code ?? null,
    sqlstate: refusal ? failureOf(refusal.code).sqlstate : null,
    database: facts.database ?? null,
    applicationName: facts.applicationName ?? null,
    durationMs,
  };
};

/** @returns what `shut` calls once per connection */
export const createReport =
  ({ log, metrics, sessionEnded, recordAttempt, now }: ReportDependencies) =>
  (facts: ConnectionFacts, ending: Ending): void => {
    const durationMs = elapsedMs(facts.startedAtMs, now());
    count(metrics, facts, ending, durationMs);
    sessionEnded(facts);
    log[levelOf(ending)](logLine(facts, ending, durationMs), 'connection');
    // Strangers must not be able to fill the store: log and metrics are enough for them.
    const { accountId } = facts;
    if (accountId === undefined || ending.kind === 'cancel') return;
    recordAttempt(attemptOf(facts, accountId, ending, durationMs));
  };
