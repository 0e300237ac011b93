/** The slow pulse of the register: what has expired, or stood idle for too long, is ended with its reason. */

import { Refusal } from '../errors.ts';
import type { SessionRegistry } from './registry.ts';
import type { Session } from './session.ts';

export interface SweepOptions {
  readonly registry: SessionRegistry;
  readonly intervalMs: number;
  /** null: sessions may be idle for ever. */
  readonly idleTimeoutMs: () => number | null;
  readonly now: () => number;
}

interface Rest {
  readonly bytes: number;
  readonly sinceMs: number;
}

/** @returns the function that stops it */
export const sweepSessions = ({ registry, intervalMs, idleTimeoutMs, now }: SweepOptions): (() => void) => {
  const resting = new WeakMap<Session, Rest>();

  const endIfIdle = (session: Session, timeoutMs: number): void => {
    const { meter } = session;
    if (!meter?.idle) {
      resting.delete(session);
      return;
    }
    const bytes = meter.clientToBackendBytes + meter.backendToClientBytes;
    const rest = resting.get(session);
    if (rest?.bytes !== bytes) resting.set(session, { bytes, sinceMs: now() });
    else if (now() - rest.sinceMs >= timeoutMs) {
      session.end(new Refusal('ended-idle', { seconds: Math.round(timeoutMs / 1000) }));
    }
  };

  const timer = setInterval(() => {
    registry.recheckExpired();
    const timeoutMs = idleTimeoutMs();
    if (timeoutMs === null) return;
    for (const session of registry.sessions()) endIfIdle(session, timeoutMs);
  }, intervalMs);
  return () => clearInterval(timer);
};
