/**
 * `postern serve`: the gate, the console, or both, with housekeeping and health beside them. Gate and console stop at
 * the same time and before the rest: nobody waits for another's slow request, or for housekeeping, to be told that
 * Postern shuts down. Health is the last to go, so that it can say "not ready" for as long as the gate drains.
 */

import type { Config } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import type { Claim } from '../port.ts';
import { webRoot } from '../program.ts';
import { openEndpoint, ready } from '../telemetry/endpoint.ts';
import type { AdjustableLog } from '../telemetry/log.ts';
import { createProcessMetrics } from '../telemetry/metrics.ts';
import { startAuditStream } from './audit-stream.ts';
import { keepCertificateExpiries } from './certificate-expiries.ts';
import { startInstance } from './instance.ts';
import { startMaintenance } from './maintenance.ts';
import { Reload, type ReloadOutcome } from './reload.ts';

export interface Serving {
  /** null: the configuration has no gate, no console. */
  readonly gatePort: number | null;
  readonly consolePort: number | null;
  readonly telemetryPort: number;
  /** Resolves once the policy has been loaded and clients can be admitted; waits for as long as the store is away. */
  readonly ready: Promise<void>;
  /** Reads configuration and certificates again; never rejects. @param cause who or what asked, for the log */
  reload(cause: string): Promise<ReloadOutcome>;
  /**
   * Drains, see `drain.ts`; then closes everything.
   * @param successor another process has taken the ports over: it answers for health and metrics from now on
   */
  stop(successor?: boolean): Promise<void>;
}

/** Only where there is one: its web server doubles what a gate takes to load. */
const loadConsole = () => import('./console.ts');

export interface ServeOptions {
  /** What a reload reads. @throws ConfigError with every problem */
  readonly loadConfig: () => Config;
  /** Directory of the console's built page; null: the API alone. */
  readonly page?: string | null;
  /** `shared`: it takes the place of another one, see `cli/serve.ts`. */
  readonly claim?: Claim;
}

/** @throws RequestError one sentence for a file, a key or a port that cannot be used; nothing is left running */
export const composeServe = async (
  config: Config,
  log: AdjustableLog,
  { loadConfig, page = webRoot, claim = 'alone' }: ServeOptions,
): Promise<Serving> => {
  if (!config.gate && !config.console) {
    throw new RequestError('The configuration has neither "gate" nor "console": there is nothing to serve.');
  }
  await using running = new AsyncDisposableStack();
  const metrics = createProcessMetrics();
  const reload = new Reload({
    config,
    loadConfig,
    log,
    onOutcome: (outcome) => metrics.reloads.inc({ outcome }),
  });
  running.defer(reload.stop);
  const maintenance = startMaintenance(() => reload.config, log);
  running.defer(maintenance.stop);
  running.defer(startAuditStream(config, log));
  const instance =
    config.gate &&
    (await startInstance({
      config,
      gateConfig: config.gate,
      log,
      metrics,
      claim,
      onRoleRejected: maintenance.repairSoon,
      onReloadOrder: (actor) => void reload.now(`order of ${actor}`),
    }));
  // When something else cannot start: nobody has been told yet that this one is ready.
  if (instance) running.defer(() => instance.stop(true));
  const console =
    config.console && (await (await loadConsole()).startConsole(config, config.console, log, page, claim));
  if (console) running.defer(console.stop);
  const prepareExpiries = await keepCertificateExpiries(config, metrics.certificateExpiries);
  const endpoint = await openEndpoint({
    ...config.telemetry.listen,
    claim,
    metrics: instance?.metrics ?? (() => metrics.registry.metrics()),
    readiness: instance?.readiness ?? (async () => ready),
  });
  running.defer(() => endpoint.close());
  reload.begin([
    ...[instance, console].flatMap((part) => (part ? [part.prepareReload] : [])),
    prepareExpiries,
  ]);
  const stack = running.move();
  return {
    gatePort: instance?.port ?? null,
    consolePort: console?.port ?? null,
    telemetryPort: endpoint.port,
    ready: instance?.ready ?? Promise.resolve(),
    reload: reload.now,
    stop: async (successor = false) => {
      const noMoreReloads = reload.stop();
      maintenance.hurry();
      if (successor) await endpoint.close();
      await Promise.allSettled([instance?.stop(successor), console?.stop(), noMoreReloads]);
      await stack.disposeAsync();
    },
  };
};
