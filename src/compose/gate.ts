/**
 * Builds every long-lived object of the gate and wires them: policy in memory → register ← gate, telemetry beside. No
 * container, no singletons; what is not passed here does not exist. A reload swaps what connections are given from then
 * on; what is built here stays.
 */

import { randomUUID } from 'node:crypto';
import type { Config, GateConfig, LimitsConfig } from '../config/config.ts';
import { createSealer } from '../control/seal.ts';
import { Refusal } from '../errors.ts';
import { createCancelDigests } from '../fleet/cancel-digest.ts';
import { CancelElsewhere } from '../fleet/cancel-elsewhere.ts';
import { Presence } from '../fleet/presence.ts';
import type { ConnectionDependencies } from '../gate/connection.ts';
import type { ConnectionFacts } from '../gate/facts.ts';
import { openGate } from '../gate/gate.ts';
import { RecentKeys } from '../gate/identify/recent-keys.ts';
import { WaitingRoom } from '../gate/login.ts';
import { SaltedPasswords } from '../gate/open/salted-passwords.ts';
import { SessionRegistry } from '../gate/registry.ts';
import { sweepSessions } from '../gate/sweep.ts';
import { Throttle } from '../gate/throttle.ts';
import type { Ending } from '../gate/values.ts';
import type { ApiKey } from '../policy/account.ts';
import { openDatabase } from '../postgres/database.ts';
import { listen } from '../postgres/listen.ts';
import { version } from '../program.ts';
import { type Order, sendOrder } from '../store/orders.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics, type ProcessMetrics } from '../telemetry/metrics.ts';
import { createReport } from '../telemetry/report.ts';
import { drainGate } from './drain.ts';
import { recordAttempts, storeOptions } from './gate-store.ts';
import { loadMaterial } from './material.ts';
import { obeyOrder } from './obey-orders.ts';
import { keepPolicyInMemory } from './policy-in-memory.ts';
import type { Prepare } from './reload.ts';
import { storedSessions } from './stored-sessions.ts';

export interface GateContext {
  readonly config: Config;
  readonly gateConfig: GateConfig;
  readonly log: Log;
  readonly metrics: ProcessMetrics;
  /** A backend did not accept the role of this API key. */
  readonly onRoleRejected: (keyId: string) => void;
  /** Somebody ordered all instances to reload. */
  readonly onReloadOrder: (actor: string) => void;
}

export interface RunningGate {
  readonly port: number;
  /** Why nobody new can be admitted at the moment; null: somebody can. */
  readonly closedBecause: () => Refusal | null;
  /** Resolves once the policy has been loaded; waits for as long as the store is away. */
  readonly ready: Promise<void>;
  readonly prepareReload: Prepare;
  /** Drains, then closes. */
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

/** What is left of the file descriptors is for the backends. */
const maxConnections = ({ sessions, halfOpen }: LimitsConfig): number => sessions + 2 * halfOpen;

/**
 * What is started first is stopped last.
 * @throws RequestError one sentence for a file, a key or a port that cannot be used; nothing is left running
 */
export const startGate = async (context: GateContext): Promise<RunningGate> => {
  const { config, gateConfig, log, onRoleRejected, onReloadOrder } = context;
  let { limits } = config;
  let { drainTimeoutMs } = gateConfig;
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
    onOrder: (order) => obeyOrder(order, { registry, cancelElsewhere, send, onReloadOrder, log }),
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

  const metrics = createMetrics(
    {
      activeSessions: () => registry.size,
      halfOpenConnections: () => waitingRoom.size,
      policyAgeSeconds: () => policy.ageMs() / 1000,
      policyVersion: () => policy.version() ?? 0,
      accounts: () => policy.book.size,
    },
    context.metrics,
  );
  const recorder = recordAttempts({
    store,
    instanceId,
    flushIntervalMs: config.attempts.flushIntervalMs,
    metrics,
    log,
  });
  running.defer(() => recorder.close());
  const report = createReport({ log, metrics, recordAttempt: recorder.add, now });

  const stopping = new AbortController();
  const closedBecause = () =>
    stopping.signal.aborted ? new Refusal('shutting-down') : policy.closedBecause();
  const lasting = {
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
    openRolePassword: (key: ApiKey) => sealer.open(key.sealedRolePassword, key.id),
    boundaryGraceMs,
    halfCloseGraceMs,
    report: (facts: ConnectionFacts, ending: Ending) => {
      report(facts, ending);
      const rejected = ending.kind === 'refused' && ending.refusal.code === 'backend-rejected-role';
      if (rejected && facts.keyId !== undefined) onRoleRejected(facts.keyId);
    },
  };
  let dependencies: ConnectionDependencies = { ...lasting, ...material };
  const gate = await openGate(
    {
      ...gateConfig.listen,
      maxConnections: maxConnections(limits),
      onError: (error) => log.error({ error }, 'the gate reports an error'),
    },
    () => dependencies,
  );
  running.defer(
    sweepSessions({ registry, intervalMs: sweepMs, idleTimeoutMs: () => limits.idleTimeoutMs, now }),
  );

  const presence = new Presence({
    database: store,
    instance: { id: instanceId, address: `${gateConfig.listen.host}:${gate.port}`, version, startedAt },
    intervalMs: heartbeatMs,
    policyVersion: policy.version,
    sessions: () => storedSessions(registry),
    onFailed: (error) => log.debug({ error }, 'heartbeat failed'),
  });
  running.defer(() => presence.close());
  // Last, so first to end: until then sessions are shown, judged and ended as ever.
  running.defer(() => {
    const refuseNewcomers = () => stopping.abort();
    return drainGate({ gate, waitingRoom, registry, refuseNewcomers, timeoutMs: drainTimeoutMs, log });
  });
  log.info(
    { address: gateConfig.listen.host, port: gate.port, version, instance: instanceId },
    'gate listens',
  );
  const stack = running.move();
  return {
    port: gate.port,
    closedBecause,
    ready: policy.ready,
    prepareReload: async (next) => {
      const loaded = await loadMaterial(next, next.gate ?? gateConfig);
      return () => {
        dependencies = { ...lasting, ...loaded };
        limits = next.limits;
        registry.setLimits(limits);
        waitingRoom.setLimits(limits);
        gate.setMaxConnections(maxConnections(limits));
        drainTimeoutMs = next.gate?.drainTimeoutMs ?? drainTimeoutMs;
      };
    },
    stop: () => stack.disposeAsync(),
  };
};
