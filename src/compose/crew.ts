/** The workers as the configuration wants them: one in this process, or several in processes of their own. */

import type { Config, GateConfig } from '../config/config.ts';
import { environmentWithoutSecrets } from '../config/environment.ts';
import type { Crew } from '../fleet/crew.ts';
import type { Desk } from '../fleet/desk.ts';
import { LoneWorker } from '../fleet/lone-worker.ts';
import { Workers } from '../fleet/workers.ts';
import { mainFile } from '../program.ts';
import type { AdjustableLog } from '../telemetry/log.ts';
import type { ProcessMetrics } from '../telemetry/metrics.ts';
import { startGate } from './gate.ts';
import { workerConfig } from './worker-config.ts';

export interface CrewContext {
  readonly config: Config;
  readonly gateConfig: GateConfig;
  readonly instanceId: string;
  /** Listens only once it has the policy; else at once, and tells whoever comes that it is starting up. */
  readonly whenReady: boolean;
  readonly openDesk: () => Desk;
  readonly onWorkerDied: () => void;
  readonly log: AdjustableLog;
  readonly metrics: ProcessMetrics;
}

/** Nobody works before `start`. */
export const buildCrew = (context: CrewContext): Crew => {
  const { config, gateConfig, openDesk, onWorkerDied, log, metrics, ...place } = context;
  const { workers, listen } = gateConfig;
  if (workers === 1) {
    return new LoneWorker(openDesk(), (instance) =>
      startGate({ ...place, config, gateConfig, listen, instance, log, metrics }),
    );
  }
  return new Workers({
    count: workers,
    first: { ...place, config: workerConfig(config), port: listen.port },
    spawn: {
      program: mainFile,
      args: ['worker'],
      environment: environmentWithoutSecrets(),
      logTo: log.destination,
    },
    openDesk,
    onDied: onWorkerDied,
    hangsAfterMs: 30_000,
    log,
  });
};
