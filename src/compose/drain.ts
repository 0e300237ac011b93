/**
 * How a gate comes to its end without breaking off work: `docs/operations.md` tells the same steps in the same order.
 * A second signal to the process is for whoever cannot wait.
 */

import { Refusal } from '../errors.ts';
import type { Gate } from '../gate/gate.ts';
import type { WaitingRoom } from '../gate/login.ts';
import type { SessionRegistry } from '../gate/registry.ts';
import type { Log } from '../telemetry/log.ts';

export interface Draining {
  readonly gate: Gate;
  readonly waitingRoom: WaitingRoom;
  readonly registry: SessionRegistry;
  /** From here on nobody is admitted, and `/readyz` says so. */
  readonly refuseNewcomers: () => void;
  /** How long transactions and running queries may take. */
  readonly timeoutMs: number;
  readonly log: Log;
}

const busySessions = (registry: SessionRegistry): number =>
  [...registry.sessions()].filter(({ ending }) => !ending.aborted).length;

const withinMs = async (timeoutMs: number, done: Promise<void>): Promise<void> => {
  const { promise: tooLong, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([done, tooLong]);
  clearTimeout(timer);
};

/** Resolves when every connection has come to its end; the rest is forced within seconds after the timeout. */
export const drainGate = async (draining: Draining): Promise<void> => {
  const { gate, waitingRoom, registry, refuseNewcomers, timeoutMs, log } = draining;
  // 1. Not ready.
  refuseNewcomers();
  // 2. Stop accepting; who is still logging in is sent away.
  gate.stopAccepting();
  waitingRoom.abortAll(new Refusal('shutting-down'));
  // 3. Idle sessions end at a message boundary, and every other one as soon as it is idle and in no transaction.
  const drained = registry.drain(new Refusal('ended-shutdown'));
  log.info({ busySessions: busySessions(registry), timeoutMs }, 'draining');
  // 4. Transactions and running queries get their time.
  await withinMs(timeoutMs, drained);
  // 5. The rest is cancelled and ended.
  const cut = busySessions(registry);
  if (cut > 0) log.warn({ sessions: cut }, 'drain timeout: what still runs is cancelled');
  registry.endAll(new Refusal('ended-shutdown'));
  await gate.close();
};
