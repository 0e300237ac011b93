/**
 * Builds every long-lived object of `postern serve` and wires them: policy feed → book → registry ← gate, telemetry
 * beside. No container, no singletons; what is not passed here does not exist.
 */

import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { createSealer } from '../control/seal.ts';
import { Refusal, RequestError } from '../errors.ts';
import { failureOf } from '../failures.ts';
import { Presence } from '../fleet/presence.ts';
import { openGate } from '../gate/gate.ts';
import { RecentKeys } from '../gate/identify/recent-keys.ts';
import { WaitingRoom } from '../gate/login.ts';
import { SaltedPasswords } from '../gate/open/salted-passwords.ts';
import { SessionRegistry } from '../gate/registry.ts';
import { sweepSessions } from '../gate/sweep.ts';
import { Throttle } from '../gate/throttle.ts';
import { PolicyBook } from '../policy/book.ts';
import { type DatabaseOptions, openDatabase } from '../postgres/database.ts';
import { listen } from '../postgres/listen.ts';
import { version } from '../program.ts';
import { appendAttempts } from '../store/attempts.ts';
import { followPolicy, type PolicyFeed } from '../store/change-feed.ts';
import { stampLastUsed } from '../store/last-used.ts';
import { gateRole } from '../store/roles.ts';
import type { StoredSession } from '../store/sessions.ts';
import { openEndpoint } from '../telemetry/endpoint.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { Recorder } from '../telemetry/recorder.ts';
import { createReport } from '../telemetry/report.ts';
import { startMaintenance } from './maintenance.ts';
import { loadMaterial } from './material.ts';

export interface Serving {
  readonly gatePort: number;
  readonly telemetryPort: number;
  /** Resolves once the policy has been loaded and clients can be admitted; waits for as long as the store is away. */
  readonly ready: Promise<void>;
  /** Ends every session with its reason, closes everything. */
  stop(): Promise<void>;
}

const keyThrottling = { freeFailures: 4, firstWaitMs: 1_000, longestWaitMs: 60_000, places: 100_000 };
/** A cancel key cannot be guessed; this only keeps somebody from trying at speed. */
const cancelThrottling = { freeFailures: 20, firstWaitMs: 1_000, longestWaitMs: 10_000, places: 10_000 };
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

/** Why nobody new may come in at the moment; null: the gate is open. */
const closedBecause = (feed: PolicyFeed, maxStalenessMs: number, now: () => number): Refusal | null => {
  const { lastConfirmedAt } = feed.health();
  if (lastConfirmedAt === null) return new Refusal('starting-up');
  const ageMs = now() - lastConfirmedAt;
  return ageMs > maxStalenessMs ? new Refusal('policy-stale', { seconds: Math.round(ageMs / 1000) }) : null;
};

const storedSessions = function* (registry: SessionRegistry): Generator<StoredSession> {
  for (const { id, claims, facts } of registry.sessions()) {
    yield {
      id,
      accountId: claims.accountId,
      address: claims.shownAddress,
      certificateId: claims.certificateId,
      keyId: claims.keyId,
      applicationName: facts.applicationName ?? '',
      startedAt: new Date(facts.startedAtMs),
    };
  }
};

/**
 * Starts everything that `postern serve` runs.
 * @throws RequestError one sentence for a file, a key or a port that cannot be used; nothing is left running
 */
export const composeServe = async (config: Config, log: Log): Promise<Serving> => {
  const { gate: gateConfig, limits } = config;
  if (!gateConfig)
    throw new RequestError('The configuration has no section "gate": there is nothing to serve.');
  const now = Date.now;
  const material = await loadMaterial(config, gateConfig);
  const sealer = createSealer(config.sealingKeys);
  const instanceId = randomUUID();
  const book = new PolicyBook();
  const registry = new SessionRegistry(limits, book, now);
  const waitingRoom = new WaitingRoom(limits);
  await using running = new AsyncDisposableStack();

  const store = openDatabase(storeOptions(config));
  running.defer(() => store.close());
  let policyVersion: number | null = null;
  const ready = Promise.withResolvers<void>();
  const feed = followPolicy({
    database: store,
    connectListener: (channels, events) => listen(storeOptions(config), channels, events),
    pollIntervalMs: config.policy.pollIntervalMs,
    onChange: (update) => {
      const touched =
        update.kind === 'whole'
          ? book.replaceAll(update.accounts)
          : book.apply(update.changed, update.removed);
      for (const id of touched) registry.recheckAccount(id);
      policyVersion = update.version;
    },
    onOrder: (order) => {
      const found = registry.end(order.session, new Refusal('ended-by-operator'));
      if (found) log.info({ connection: order.session, actor: order.actor }, 'session ended by order');
    },
    onHealth: ({ state, lastConfirmedAt, error }) => {
      if (lastConfirmedAt !== null) ready.resolve();
      log[error === null ? 'info' : 'warn']({ state, ...(error === null ? {} : { error }) }, 'policy feed');
    },
  });
  running.defer(() => feed.stop());

  const closed = () => closedBecause(feed, config.policy.maxStalenessMs, now);
  const metrics = createMetrics({
    activeSessions: () => registry.size,
    halfOpenConnections: () => waitingRoom.size,
    policyAgeSeconds: () => (now() - (feed.health().lastConfirmedAt ?? startedAt.getTime())) / 1000,
    policyVersion: () => policyVersion ?? 0,
    accounts: () => book.size,
  });
  const startedAt = new Date(now());
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

  const stopping = new AbortController();
  const onListenError = (error: Error) => log.error({ error }, 'the listening socket reports an error');
  const gate = await openGate(
    { ...gateConfig.listen, onError: onListenError },
    {
      ...material,
      loginTimeoutMs: gateConfig.loginTimeoutMs,
      clientAuthentication: gateConfig.clientAuthentication,
      policy: book,
      registry,
      waitingRoom,
      now,
      closedBecause: () => (stopping.signal.aborted ? new Refusal('shutting-down') : closed()),
      keyThrottle: new Throttle(keyThrottling, now),
      cancelThrottle: new Throttle(cancelThrottling, now),
      recentKeys: new RecentKeys(),
      saltedPasswords: new SaltedPasswords(),
      openRolePassword: (key) => sealer.open(key.sealedRolePassword, key.id),
      boundaryGraceMs,
      halfCloseGraceMs,
      report: createReport({ log, metrics, recordAttempt: recorder.add, now }),
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
    policyVersion: () => policyVersion,
    sessions: () => storedSessions(registry),
    onFailed: (error) => log.debug({ error }, 'heartbeat failed'),
  });
  running.defer(() => presence.close());
  const endpoint = await openEndpoint({
    ...config.telemetry.listen,
    registry: metrics.registry,
    notReadyBecause: () => {
      const refusal = stopping.signal.aborted ? new Refusal('shutting-down') : closed();
      return refusal && failureOf(refusal.code).message(refusal.facts);
    },
  });
  running.defer(() => endpoint.close());
  running.defer(startMaintenance(config, log));

  log.info(
    { address: gateConfig.listen.host, port: gate.port, version, instance: instanceId },
    'gate listens',
  );
  const stack = running.move();
  return {
    gatePort: gate.port,
    telemetryPort: endpoint.port,
    ready: ready.promise,
    stop: () => stack.disposeAsync(),
  };
};
