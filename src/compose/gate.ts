/**
 * Builds every long-lived object of the gate and wires them: policy in memory → register ← gate, telemetry beside. No
 * container, no singletons; what is not passed here does not exist.
 */

import { randomUUID } from 'node:crypto';
import type { Config, GateConfig } from '../config/config.ts';
import { createSealer } from '../control/seal.ts';
import { Refusal } from '../errors.ts';
import { createCancelDigests } from '../fleet/cancel-digest.ts';
import { CancelElsewhere } from '../fleet/cancel-elsewhere.ts';
import { Presence } from '../fleet/presence.ts';
import { openGate } from '../gate/gate.ts';
import { RecentKeys } from '../gate/identify/recent-keys.ts';
import { WaitingRoom } from '../gate/login.ts';
import { SaltedPasswords } from '../gate/open/salted-passwords.ts';
import { SessionRegistry } from '../gate/registry.ts';
import { sweepSessions } from '../gate/sweep.ts';
import { Throttle } from '../gate/throttle.ts';
import { type DatabaseOptions, openDatabase } from '../postgres/database.ts';
import { listen } from '../postgres/listen.ts';
import { version } from '../program.ts';
import { appendAttempts } from '../store/attempts.ts';
import { stampLastUsed } from '../store/last-used.ts';
import { type Order, sendOrder } from '../store/orders.ts';
import { gateRole } from '../store/roles.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { Recorder } from '../telemetry/recorder.ts';
import { createReport } from '../telemetry/report.ts';
import { loadMaterial } from './material.ts';
import { obeyOrder } from './obey-orders.ts';
import { keepPolicyInMemory } from './policy-in-memory.ts';
import { storedSessions } from './stored-sessions.ts';

export interface RunningGate {
  readonly port: number;
  readonly metrics: Metrics;
  /** Why nobody new can be admitted at the moment; null: somebody can. */
  readonly closedBecause: () => Refusal | null;
  /** Resolves once the policy has been loaded; waits for as long as the store is away. */
  readonly ready: Promise<void>;
  /** Ends every session with its reason. */
  readonly stop: () => Promise<void>;
}

const keyThrottling = { freeFailures: 4, firstWaitMs: 1_000, longestWaitMs: 60_000, places: 100_000 };
/** A cancel key cannot be guessed; this only keeps somebody from trying at speed. */
const cancelThrottling = { freeFailures: 20, firstWaitMs: 1_000, longestWaitMs: 10_000, places: 10_000 };
/** An answer takes milliseconds; what a fleet's people cancel is far below the limit. */
const askingElsewhere = { patienceMs: 5_000, perSecond: 50 };
const heartbeatMs = 1_000;
const sweepMs = 500;
const boundaryGraceMs = 2_000;
const halfCloseGraceMs = 1_000;

/** The store as a gate may use it. */
const storeOptions = (config: Config): DatabaseOptions => ({
  url: config.store.url,
  role: gateRole,
  applicationName: 'postern gate',
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 30_000,
  maxConnections: 3,
});

/**
 * What is started first is stopped last.
 * @param onRoleRejected a backend did not accept the role of this API key
 * @throws RequestError one sentence for a file, a key or a port that cannot be used; nothing is left running
 */
export const startGate = async (
  config: Config,
  gateConfig: GateConfig,
  log: Log,
  onRoleRejected: (keyId: string) => void,
): Promise<RunningGate> => {
  const { limits } = config;
  const now = Date.now;
  const startedAt = new Date(now());
  const instanceId = randomUUID();
  const material = await loadMaterial(config, gateConfig);
  const sealer = createSealer(config.sealingKeys);
  await using running = new AsyncDisposableStack();

  const store = openDatabase(storeOptions(config));
  running.defer(() => store.close());
  const policy = keepPolicyInMemory({
    config: config.policy,
    database: store,
    connectListener: (channels, events) => listen(storeOptions(config), channels, events),
    log,
    now,
    onTouched: (accountIds) => {
      for (const id of accountIds) registry.recheckAccount(id);
    },
    onOrder: (order) => obeyOrder(order, { registry, cancelElsewhere, send, log }),
  });
  running.defer(policy.stop);
  const cancelDigests = createCancelDigests(config.sealingKeys.map(({ key }) => key));
  const registry = new SessionRegistry(limits, policy.book, now, cancelDigests.understood);
  const send = (order: Order) => sendOrder(store, order);
  const cancelElsewhere = new CancelElsewhere({
    ...askingElsewhere,
    digestOf: cancelDigests.sent,
    send,
    hasOthers: () => presence.hasOthers,
    onFailed: (error) => log.debug({ error }, 'other instances could not be asked to cancel'),
  });
  const waitingRoom = new WaitingRoom(limits);

  const metrics = createMetrics({
    activeSessions: () => registry.size,
    halfOpenConnections: () => waitingRoom.size,
    policyAgeSeconds: () => policy.ageMs() / 1000,
    policyVersion: () => policy.version() ?? 0,
    accounts: () => policy.book.size,
  });
  const recorder = new Recorder({
    flushIntervalMs: config.attempts.flushIntervalMs,
    appendAttempts: (batch) =>
      appendAttempts(
        store,
        batch.map((attempt) => ({ ...attempt, instanceId })),
      ),
    stampLastUsed: (lastUsed) => stampLastUsed(store, lastUsed),
    metrics,
    log,
  });
  running.defer(() => recorder.close());
  const report = createReport({ log, metrics, recordAttempt: recorder.add, now });

  const stopping = new AbortController();
  const closedBecause = () =>
    stopping.signal.aborted ? new Refusal('shutting-down') : policy.closedBecause();
  const gate = await openGate(
    {
      ...gateConfig.listen,
      maxConnections: limits.sessions + 2 * limits.halfOpen,
      onError: (error) => log.error({ error }, 'the gate reports an error'),
    },
    {
      ...material,
      loginTimeoutMs: gateConfig.loginTimeoutMs,
      clientAuthentication: gateConfig.clientAuthentication,
      policy: policy.book,
      registry,
      waitingRoom,
      now,
      closedBecause,
      keyThrottle: new Throttle(keyThrottling, now),
      cancelThrottle: new Throttle(cancelThrottling, now),
      cancelElsewhere,
      recentKeys: new RecentKeys(),
      saltedPasswords: new SaltedPasswords(),
      openRolePassword: (key) => sealer.open(key.sealedRolePassword, key.id),
      boundaryGraceMs,
      halfCloseGraceMs,
      report: (facts, ending) => {
        report(facts, ending);
        const rejected = ending.kind === 'refused' && ending.refusal.code === 'backend-rejected-role';
        if (rejected && facts.keyId !== undefined) onRoleRejected(facts.keyId);
      },
    },
  );
  running.defer(async () => {
    stopping.abort();
    waitingRoom.abortAll(new Refusal('shutting-down'));
    registry.endAll(new Refusal('ended-shutdown'));
    await gate.close();
  });
  running.defer(sweepSessions({ registry, intervalMs: sweepMs, idleTimeoutMs: limits.idleTimeoutMs, now }));

  const presence = new Presence({
    database: store,
    instance: { id: instanceId, address: `${gateConfig.listen.host}:${gate.port}`, version, startedAt },
    intervalMs: heartbeatMs,
    policyVersion: policy.version,
    sessions: () => storedSessions(registry),
    onFailed: (error) => log.debug({ error }, 'heartbeat failed'),
  });
  running.defer(() => presence.close());
  log.info(
    { address: gateConfig.listen.host, port: gate.port, version, instance: instanceId },
    'gate listens',
  );
  const stack = running.move();
  return {
    port: gate.port,
    metrics,
    closedBecause,
    ready: policy.ready,
    stop: () => stack.disposeAsync(),
  };
};
