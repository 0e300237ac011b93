/**
 * The session of a browser: a sealed cookie, so that no instance has to remember it. It names who signed in and by
 * which secret's digest, never the secret; each request checks that against the store again. 8 hours at most, one hour
 * without a request. Signing out is remembered by this instance for as long as the cookie would be good.
 */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Sealer } from '../control/seal.ts';

const absoluteMs = 8 * 3_600_000;
const idleMs = 3_600_000;
/** A cookie that is younger is not sent again: not each answer needs one. */
const renewAfterMs = 60_000;
const associatedData = 'console-session';

const session = z.object({
  id: z.string(),
  role: z.enum(['account', 'operator']),
  /** SHA-256 of the API key or the admin token, lower-case hex. */
  digest: z.string(),
  /** Epoch milliseconds. */
  endsAt: z.number(),
  seenAt: z.number(),
});

export type Session = z.output<typeof session>;

/** By this prefix browsers take it from this host alone: no neighbour under the same domain can plant a session of theirs. */
export const cookieName = '__Host-postern_session';

export const cookieOptions = { httpOnly: true, sameSite: 'strict', secure: true, path: '/' } as const;

export const newSession = (role: Session['role'], digest: string, nowMs: number): Session => ({
  id: randomUUID(),
  role,
  digest,
  endsAt: nowMs + absoluteMs,
  seenAt: nowMs,
});

export const sealSession = (value: Session, sealer: Sealer): string =>
  sealer.seal(JSON.stringify(value), associatedData);

/** null: not sealed by us, or over. */
export const openSession = (sealed: string, sealer: Sealer, nowMs: number): Session | null => {
  const opened = open(sealed, sealer);
  if (opened === null || nowMs >= opened.endsAt || nowMs >= opened.seenAt + idleMs) return null;
  return opened;
};

/** The session as of now, when it is time to send it again. */
export const renewedSession = (value: Session, nowMs: number): Session | null =>
  nowMs - value.seenAt < renewAfterMs ? null : { ...value, seenAt: nowMs };

const open = (sealed: string, sealer: Sealer): Session | null => {
  try {
    return session.parse(JSON.parse(sealer.open(sealed, associatedData)));
  } catch {
    return null;
  }
};

/** Sessions that were signed out before their time. */
export class SignedOut {
  readonly #endsAt = new Map<string, number>();

  add({ id, endsAt }: Session, nowMs: number): void {
    for (const [each, end] of this.#endsAt) if (end <= nowMs) this.#endsAt.delete(each);
    this.#endsAt.set(id, endsAt);
  }

  has({ id }: Session): boolean {
    return this.#endsAt.has(id);
  }
}
