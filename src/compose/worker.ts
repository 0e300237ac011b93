/**
 * One worker in a process of its own: a gate whose instance is at the other end of the channel to the process that
 * started it. When that process is gone, the worker drains and ends by itself.
 */

import { RequestError } from '../errors.ts';
import { type Channel, talk } from '../fleet/ipc.ts';
import { remoteInstance } from '../fleet/remote-instance.ts';
import type { LocalWorker } from '../fleet/worker.ts';
import type { StartWorker, WorkerCalls } from '../fleet/worker-process.ts';
import type { Instance } from '../gate/instance.ts';
import { type AdjustableLog, createLog } from '../telemetry/log.ts';
import { createProcessMetrics } from '../telemetry/metrics.ts';
import { startGate } from './gate.ts';

interface Serving {
  readonly gate: LocalWorker;
  readonly log: AdjustableLog;
}

/** Resolves when the channel is closed and the gate has come to its end. */
export const runWorker = async (channel: Channel): Promise<void> => {
  const { promise: alone, resolve: onAlone } = Promise.withResolvers<void>();
  channel.on('disconnect', onAlone);
  const metrics = createProcessMetrics();
  let starting: Promise<Serving> | null = null;
  let serving: Serving | null = null;
  let drained: Promise<void> | null = null;
  let stopped = false;
  let nextLevel: Parameters<AdjustableLog['setLevel']>[0] | null = null;

  const gate = (): LocalWorker | undefined => serving?.gate;
  const started = (): Serving => {
    if (!serving) throw new Error('This worker does not serve.');
    return serving;
  };
  /** What has begun to start listens in the end, and nobody else would ever stop it. */
  const untilStarted = async (): Promise<void> => {
    await starting?.catch(() => undefined);
  };
  const start = async ({ config, instanceId, number, port, whenReady }: StartWorker): Promise<Serving> => {
    if (!config.gate) throw new RequestError('The configuration has no section "gate".');
    const log = createLog(config.telemetry.logLevel, 1, { worker: number });
    return {
      gate: await startGate({
        config,
        gateConfig: config.gate,
        instance,
        instanceId,
        listen: { host: config.gate.listen.host, port },
        whenReady,
        log,
        metrics,
      }),
      log,
    };
  };
  const calls: WorkerCalls = {
    start: async (options) => {
      starting = start(options);
      serving = await starting;
      return serving.gate.port;
    },
    ready: () => started().gate.ready(),
    state: () => started().gate.state(),
    cancelQuery: (key, address) => started().gate.cancelQuery(key, address),
    cancelQueryWithDigest: (digest, address) => started().gate.cancelQueryWithDigest(digest, address),
    endSession: (id, actor) => started().gate.endSession(id, actor),
    metrics: () => metrics.registry.getMetricsAsJSON(),
    prepareReload: async (config) => {
      await started().gate.prepareReload(config);
      nextLevel = config.telemetry.logLevel;
    },
    applyReload: async () => {
      await started().gate.applyReload();
      if (nextLevel) started().log.setLevel(nextLevel);
    },
    drain: (delayMs) => {
      drained ??= started().gate.drain(delayMs);
      return drained;
    },
    stop: async () => {
      stopped = true;
      await gate()?.stop();
    },
  };
  const instance = remoteInstance(talk<Instance>(channel, calls));

  await alone;
  if (stopped) return;
  await untilStarted();
  // Perhaps it was told to before.
  await (drained ?? gate()?.drain(0));
  await gate()?.stop();
};
