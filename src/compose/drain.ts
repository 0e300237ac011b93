/**
 * How a gate comes to its end without breaking off work: `docs/operations.md` tells the same steps in the same order.
 * The first one, not to be ready any more, is the instance's. A second signal to the process is for whoever cannot wait.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from '../errors.ts';
import type { Gate } from '../gate/gate.ts';
import type { WaitingRoom } from '../gate/login.ts';
import type { SessionRegistry } from '../gate/registry.ts';
import type { Log } from '../telemetry/log.ts';
import { within } from '../within.ts';

export interface Draining {
  readonly gate: Gate;
  readonly waitingRoom: WaitingRoom;
  readonly registry: SessionRegistry;
  /** How long load balancers may take to notice that this instance is not ready. */
  readonly delayMs: number;
  /** How long transactions and running queries may take. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** How long a login that is under way may still take. */
const loginGraceMs = 5_000;

/** Resolves when every connection has come to its end; the rest is forced within seconds after the timeout. */
export const drainGate = async (draining: Draining): Promise<void> => {
  const { gate, waitingRoom, registry, delayMs, timeoutMs, log } = draining;
  // 2. Load balancers look again.
  if (delayMs > 0) await delay(delayMs);
  // 3. Stop accepting; who is logging in may finish.
  gate.stopAccepting();
  const allIn = within(loginGraceMs, waitingRoom.emptied(), undefined).then(() =>
    waitingRoom.abortAll(new Refusal('shutting-down')),
  );
  // 4. Idle sessions end at a message boundary, and every other one as soon as it is idle and in no transaction.
  registry.drain(new Refusal('ended-shutdown'));
  log.info({ sessions: registry.size, timeoutMs }, 'draining');
  // 5. Transactions and running queries get their time.
  const drained = allIn.then(() => registry.emptied());
  await within(timeoutMs, drained, undefined);
  // 6. The rest is cancelled and ended.
  waitingRoom.abortAll(new Refusal('shutting-down'));
  const cut = [...registry.sessions()].filter(({ ending }) => !ending.aborted).length;
  if (cut > 0) log.warn({ sessions: cut }, 'drain timeout: what still runs is cancelled');
  registry.endAll(new Refusal('ended-shutdown'));
  await gate.close();
};
