/**
 * Builds every long-lived object of one gate and wires them: policy in memory → register ← gate, telemetry beside. No
 * container, no singletons; what is not passed here does not exist. A reload swaps what connections are given from then
 * on; what is built here stays. Everything that an instance has once, whatever the number of its gates, is in
 * `instance.ts`.
 */

import type { Config, GateConfig, LimitsConfig } from '../config/config.ts';
import { createSealer } from '../control/seal.ts';
import { Refusal, RequestError } from '../errors.ts';
import { createCancelDigests } from '../fleet/cancel-digest.ts';
import type { LocalWorker } from '../fleet/worker.ts';
import type { ConnectionDependencies } from '../gate/connection.ts';
import type { ConnectionFacts } from '../gate/facts.ts';
import { openGate } from '../gate/gate.ts';
import { RecentKeys } from '../gate/identify/recent-keys.ts';
import type { Instance } from '../gate/instance.ts';
import { WaitingRoom } from '../gate/login.ts';
import { SaltedPasswords } from '../gate/open/salted-passwords.ts';
import { SessionRegistry } from '../gate/registry.ts';
import type { Session } from '../gate/session.ts';
import { sweepSessions } from '../gate/sweep.ts';
import type { Ending } from '../gate/values.ts';
import { parseAddress } from '../policy/cidr.ts';
import type { ListenOptions } from '../port.ts';
import { openDatabase } from '../postgres/database.ts';
import { listen } from '../postgres/listen.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics, type ProcessMetrics } from '../telemetry/metrics.ts';
import { createMilestones } from '../telemetry/milestones.ts';
import { RelayedBytes } from '../telemetry/relayed-bytes.ts';
import { createReport } from '../telemetry/report.ts';
import { within } from '../within.ts';
import { drainGate } from './drain.ts';
import { gateReadings, liveTraffic } from './gate-readings.ts';
import { recordAttempts, storeOptions } from './gate-store.ts';
import { loadMaterial } from './material.ts';
import { keepPolicyInMemory } from './policy-in-memory.ts';

export interface GateContext {
  readonly config: Config;
  readonly gateConfig: GateConfig;
  readonly instance: Instance;
  readonly instanceId: string;
  readonly listen: ListenOptions;
  /** Listens only once it has the policy; else at once, and tells whoever comes that it is starting up. */
  readonly whenReady: boolean;
  readonly log: Log;
  readonly metrics: ProcessMetrics;
}

const sweepMs = 500;
const boundaryGraceMs = 2_000;
const halfCloseGraceMs = 1_000;

/** What is left of the file descriptors is for the backends. */
const maxConnections = ({ sessions, halfOpen }: LimitsConfig): number => sessions + 2 * halfOpen;

/** How long the store may take to give a gate the policy that it needs before it listens. */
const policyPatienceMs = 60_000;

/** @throws RequestError when the policy does not come in time */
const untilReady = async (ready: Promise<void>): Promise<void> => {
  if ((await within(policyPatienceMs, ready, 'late')) !== 'late') return;
  throw new RequestError(`The store has not answered within ${policyPatienceMs / 1000} seconds.`);
};

const cancelled = async (session: Session | undefined): Promise<boolean> => {
  await session?.cancelQuery();
  return session !== undefined;
};

/**
 * What is started first is stopped last.
 * @throws RequestError one sentence for a file, a key or a port that cannot be used; nothing is left running
 */
export const startGate = async (context: GateContext): Promise<LocalWorker> => {
  const { config, gateConfig, instance, instanceId, log } = context;
  let { limits } = config;
  let { drainTimeoutMs } = gateConfig;
  const now = Date.now;
  const material = await loadMaterial(config, gateConfig, log);
  const sealer = createSealer(config.sealingKeys);
  await using running = new AsyncDisposableStack();

  const store = openDatabase(storeOptions(config));
  running.defer(() => store.close());
  const policy = keepPolicyInMemory({
    config: config.policy,
    database: store,
    connectListener: (channels, events) => listen(storeOptions(config), channels, events),
    log,
    onTouched: (accountIds) => {
      for (const id of accountIds) registry.recheckAccount(id);
    },
    onChangeInForce: (lagMs) => metrics.policyLagSeconds.observe(lagMs / 1000),
  });
  running.defer(policy.stop);
  const cancelDigests = createCancelDigests(config.sealingKeys.map(({ key }) => key));
  const registry = new SessionRegistry(instance, policy.book, now, cancelDigests.understood);
  const waitingRoom = new WaitingRoom(instance);

  const relayedBytes = new RelayedBytes(() => liveTraffic(registry));
  const metrics = createMetrics(
    gateReadings({
      registry,
      waitingRoom,
      policy,
      relayedBytes,
      attemptsWaiting: () => recorder.waiting,
      backends: () => dependencies.backends,
    }),
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
  const report = createReport({
    log,
    metrics,
    sessionEnded: relayedBytes.sessionEnded,
    recordAttempt: recorder.add,
    now,
  });

  const lasting = {
    policy: policy.book,
    registry,
    waitingRoom,
    now,
    instance,
    closedBecause: policy.closedBecause,
    recentKeys: new RecentKeys(),
    saltedPasswords: new SaltedPasswords(),
    openRolePassword: (keyId: string, sealed: string) => sealer.open(sealed, keyId),
    boundaryGraceMs,
    halfCloseGraceMs,
    milestones: createMilestones(metrics),
    report: (facts: ConnectionFacts, ending: Ending) => {
      report(facts, ending);
      const rejected = ending.kind === 'refused' && ending.refusal.code === 'backend-rejected-role';
      if (rejected && facts.keyId !== undefined) instance.roleRejected(facts.keyId);
    },
  };
  let dependencies: ConnectionDependencies = { ...lasting, ...material };
  if (context.whenReady) await untilReady(policy.ready);
  const gate = await openGate(
    {
      ...context.listen,
      maxConnections: maxConnections(limits),
      onUnheard: () => metrics.unheard.inc(),
      onError: (error) => log.error({ error }, 'the gate reports an error'),
    },
    () => dependencies,
  );
  running.defer(
    sweepSessions({ registry, intervalMs: sweepMs, idleTimeoutMs: () => limits.idleTimeoutMs, now }),
  );
  running.defer(() => gate.close());
  const stack = running.move();
  let applyReload: () => void = () => undefined;
  return {
    port: gate.port,
    ready: () => policy.ready,
    state: () => ({
      policyVersion: policy.version(),
      closedBecause: policy.closedBecause(),
      storeAwayMs: policy.storeAwayMs(),
    }),
    cancelQuery: (key, address) => cancelled(registry.sessionToCancel(key, parseAddress(address))),
    cancelQueryWithDigest: (digest, address) =>
      cancelled(registry.sessionWithDigest(digest, parseAddress(address))),
    endSession: (id, actor) => {
      const found = registry.end(id, new Refusal('ended-by-operator'));
      if (found) log.info({ connection: id, actor }, 'session ended by order');
      return found;
    },
    prepareReload: async (next) => {
      const loaded = await loadMaterial(next, next.gate ?? gateConfig, log);
      applyReload = () => {
        dependencies = { ...lasting, ...loaded };
        limits = next.limits;
        gate.setMaxConnections(maxConnections(limits));
        drainTimeoutMs = next.gate?.drainTimeoutMs ?? drainTimeoutMs;
      };
    },
    applyReload: () => applyReload(),
    drain: (delayMs) => drainGate({ gate, waitingRoom, registry, delayMs, timeoutMs: drainTimeoutMs, log }),
    stop: () => stack.disposeAsync(),
  };
};
