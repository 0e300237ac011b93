/**
 * Builds what an instance has once, whatever the number of its workers: the ledger of who is in, the way to other
 * instances, and the workers themselves, in this process or in processes of their own.
 */

import { randomUUID } from 'node:crypto';
import type { Config, GateConfig } from '../config/config.ts';
import { failureOf } from '../failures.ts';
import { createCancelDigests } from '../fleet/cancel-digest.ts';
import { CancelElsewhere } from '../fleet/cancel-elsewhere.ts';
import { Desk } from '../fleet/desk.ts';
import { Ledger } from '../fleet/ledger.ts';
import { Presence } from '../fleet/presence.ts';
import { whyClosed } from '../fleet/worker.ts';
import { type Denial, shuttingDown } from '../gate/instance.ts';
import { type Claim, withPort } from '../port.ts';
import { openDatabase } from '../postgres/database.ts';
import { listen } from '../postgres/listen.ts';
import { version } from '../program.ts';
import { followOrders } from '../store/order-feed.ts';
import { type Order, sendOrder } from '../store/orders.ts';
import { type Readiness, ready } from '../telemetry/endpoint.ts';
import type { AdjustableLog } from '../telemetry/log.ts';
import { mergeMetrics } from '../telemetry/merge.ts';
import { createInstanceMetrics, type ProcessMetrics } from '../telemetry/metrics.ts';
import { buildCrew } from './crew.ts';
import { storeOptions } from './gate-store.ts';
import { obeyOrder } from './obey-orders.ts';
import type { Prepare } from './reload.ts';
import { workerConfig } from './worker-config.ts';

export interface InstanceContext {
  readonly config: Config;
  readonly gateConfig: GateConfig;
  readonly log: AdjustableLog;
  readonly metrics: ProcessMetrics;
  /** `shared`: it takes the place of another one on the same port, and listens only once it can admit people. */
  readonly claim: Claim;
  /** A backend did not accept the role of this API key. */
  readonly onRoleRejected: (keyId: string) => void;
  /** Somebody ordered all instances to reload. */
  readonly onReloadOrder: (actor: string) => void;
}

export interface RunningInstance {
  readonly port: number;
  /** Ready: everybody who comes now can count on being admitted. */
  readonly readiness: () => Promise<Readiness>;
  /** Resolves once clients can be admitted; waits for as long as the store is away. */
  readonly ready: Promise<void>;
  /** Prometheus' text format, of all processes together. */
  readonly metrics: () => Promise<string>;
  readonly prepareReload: Prepare;
  /** Drains, then closes. @param successor somebody else listens on the port already: nobody has to notice */
  readonly stop: (successor: boolean) => Promise<void>;
}

/** An answer takes milliseconds; what a fleet's people cancel is far below the limit. */
const askingElsewhere = { patienceMs: 5_000, perSecond: 50 };
const heartbeatMs = 1_000;
/** One that does not answer counts as one that is not there. */
const statePatienceMs = 1_500;

const sentenceOf = ({ code, facts }: Denial): string => failureOf(code).message(facts);

/** Of the policies of all workers; null: one of them has none yet or does not say, or there is none. */
const oldest = (versions: readonly (number | null)[], workers: number): number | null => {
  const known = versions.filter((version) => version !== null);
  return known.length >= workers && known.length > 0 ? Math.min(...known) : null;
};

/**
 * What is started first is stopped last.
 * @throws RequestError one sentence for a file, a key or a port that cannot be used; nothing is left running
 */
export const startInstance = async (context: InstanceContext): Promise<RunningInstance> => {
  const { config, gateConfig, log, claim, onRoleRejected, onReloadOrder } = context;
  const { registry } = context.metrics;
  const id = randomUUID();
  const startedAt = new Date();
  const stopping = new AbortController();
  let draining = false;
  let { drainDelayMs } = gateConfig;
  let { limits } = config;
  await using running = new AsyncDisposableStack();

  const store = openDatabase(storeOptions(config));
  running.defer(() => store.close());
  const send = (order: Order) => sendOrder(store, order);
  const others = new CancelElsewhere({
    ...askingElsewhere,
    digestOf: createCancelDigests(config.sealingKeys.map(({ key }) => key)).sent,
    send,
    hasOthers: () => presence.hasOthers,
    stopped: stopping.signal,
    onFailed: (error) => log.debug({ error }, 'other instances could not be asked to cancel'),
  });
  const ledger = new Ledger(config.limits, Date.now);
  const openDesk = (): Desk => {
    const desk: Desk = new Desk({
      ledger,
      onRoleRejected,
      cancelElsewhere: async (key, address) => {
        const found = await crew.any((worker) => worker.cancelQuery(key, address), desk);
        return found ? 'forwarded' : others.ask(key, address);
      },
    });
    return desk;
  };
  const metrics = createInstanceMetrics(
    {
      workers: () => crew.size,
      halfOpenLimit: () => limits.halfOpen,
      sessionsLimit: () => limits.sessions,
      draining: () => Number(draining),
    },
    context.metrics,
  );
  const crew = buildCrew({
    config,
    gateConfig,
    instanceId: id,
    whenReady: claim === 'shared',
    openDesk,
    onWorkerDied: () => metrics.workerDeaths.inc(),
    log,
    metrics: context.metrics,
  });
  const presence = new Presence({
    database: store,
    instance: { id, version, startedAt },
    intervalMs: heartbeatMs,
    policyVersion: async () => {
      const states = await crew.each((worker) => worker.state(), statePatienceMs);
      return oldest(
        states.map(({ policyVersion }) => policyVersion),
        crew.size,
      );
    },
    sessions: () => ledger.sessions(),
    onFailed: (error) => log.debug({ error }, 'heartbeat failed'),
  });
  const onInstanceHears = (instance: string): void => {
    if (instance !== id) presence.heardOfAnother();
  };
  /** Once its row is there: others look for that with their next beat. */
  const announce = async (): Promise<void> => {
    await presence.beatOnce();
    await send({ kind: 'instance-hears', instance: id });
  };

  const { host } = gateConfig.listen;
  // Workers share the port, so they would not notice whoever else has it.
  await withPort(gateConfig.listen, 'The gate', claim, () => {
    running.defer(() => crew.stop());
    return crew.start();
  });
  presence.begin(`${host}:${crew.port}`);
  running.defer(() => presence.close());
  const orders = followOrders({
    connectListener: (channels, events) => listen(storeOptions(config), channels, events),
    onOrder: (order) =>
      obeyOrder(order, { crew, cancelElsewhere: others, send, onReloadOrder, onInstanceHears, log }),
    onListening: () => void announce().catch((error: unknown) => log.debug({ error }, 'heartbeat failed')),
    checkIntervalMs: config.policy.pollIntervalMs,
    stopped: stopping.signal,
  });
  running.defer(() => {
    stopping.abort();
    return orders;
  });
  // Last, so first to end: until then sessions are shown, judged and ended as ever.
  running.defer(() => crew.drain(drainDelayMs));
  log.info({ address: host, port: crew.port, version, instance: id }, 'gate listens');

  const stack = running.move();
  return {
    port: crew.port,
    readiness: async () => {
      if (draining) return { ...ready, notReadyBecause: sentenceOf(shuttingDown) };
      const states = await crew.each((worker) => worker.state(), statePatienceMs);
      const why = whyClosed(states);
      const awayMs = Math.max(0, ...states.map(({ storeAwayMs }) => storeAwayMs ?? 0));
      return {
        notReadyBecause: why && sentenceOf(why),
        but: awayMs === 0 ? null : `the store has been away for ${Math.round(awayMs / 1000)} s`,
      };
    },
    ready: crew.each((worker) => worker.ready()).then(() => undefined),
    metrics: async () => {
      const ofWorkers = await crew.metrics();
      if (ofWorkers.length === 0) return registry.metrics();
      return mergeMetrics([await registry.getMetricsAsJSON(), ...ofWorkers]);
    },
    prepareReload: async (next) => {
      const apply = await crew.prepareReload(workerConfig(next));
      return () => {
        apply();
        limits = next.limits;
        ledger.setLimits(limits);
        drainDelayMs = next.gate?.drainDelayMs ?? drainDelayMs;
      };
    },
    stop: (successor) => {
      draining = true;
      if (successor) drainDelayMs = 0;
      return stack.disposeAsync();
    },
  };
};
