/**
 * Finds the host of a backend that a session is opened on: one after the other, until one serves. What ends the search
 * and what leads to the next host is decided here, as libpq does for its list of hosts (decision 14).
 */

import { messageOf, Refusal } from '../../errors.ts';
import type { FailureCode, FailureFacts } from '../../failures.ts';
import { placeText } from '../../place.ts';
import type { BreakerEvent } from './breaker.ts';
import type { BackendHost } from './dial.ts';
import type { Hosts } from './hosts.ts';

export interface Backend {
  readonly name: string;
  readonly hosts: Hosts;
  readonly targetSessionAttrs: 'any' | 'primary' | 'standby';
  /** For one host, from looking up its name to the end of the login. */
  readonly connectTimeoutMs: number;
}

/** A backend's own last words; they go to the client byte for byte. */
export class BackendRefused extends Refusal {
  readonly sqlstate: string;
  readonly words: Buffer;

  constructor(sqlstate: string, words: Buffer, facts: FailureFacts, options?: ErrorOptions) {
    super('backend-refused', facts, options);
    this.sqlstate = sqlstate;
    this.words = words;
  }
}

/** Starting up, shutting down, or recovering: cannot_connect_now. */
const cannotConnectNow = '57P03';

/** A login that was left after less says nothing about the host; who has waited longer has waited for the host. */
const noticeableMs = 1_000;

/** What a host's failure tells; the first that is there is told of several hosts. */
const telling: readonly FailureCode[] = [
  'backend-refused',
  'backend-no-primary',
  'backend-no-standby',
  'backend-misbehaved',
  'backend-unreachable',
];

interface Failed {
  readonly place: string;
  readonly refusal: Refusal;
}

const reasonOf = ({ cause, facts, message }: Refusal): string => messageOf(cause ?? facts.reason ?? message);

/** Of one host what it was, of several the most telling, with all of them as its cause. */
const refusalOf = (failures: readonly Failed[]): Refusal => {
  const [first, ...others] = failures.toSorted(
    (one, other) => telling.indexOf(one.refusal.code) - telling.indexOf(other.refusal.code),
  );
  if (!first) return new Refusal('backend-unreachable', {}, { cause: 'it has no host' });
  if (others.length === 0) return first.refusal;
  const cause = Object.fromEntries(failures.map(({ place, refusal }) => [place, reasonOf(refusal)]));
  const { refusal } = first;
  return refusal instanceof BackendRefused
    ? new BackendRefused(refusal.sqlstate, refusal.words, refusal.facts, { cause })
    : new Refusal(refusal.code, refusal.facts, { cause });
};

/** What a login that failed says of its host, and whether the next host may do better. */
interface Verdict {
  readonly event: BreakerEvent;
  readonly next: boolean;
}

const judge = (refusal: Refusal): Verdict => {
  switch (refusal.code) {
    case 'backend-unreachable':
    case 'backend-misbehaved':
      return { event: 'failed', next: true };
    case 'backend-no-primary':
    case 'backend-no-standby':
      return { event: 'served', next: true };
    case 'backend-refused': {
      const cannotNow = refusal instanceof BackendRefused && refusal.sqlstate === cannotConnectNow;
      return cannotNow ? { event: 'failed', next: true } : { event: 'served', next: false };
    }
    case 'backend-rejected-role':
      return { event: 'served', next: false };
    default:
      // Not the host's doing.
      return { event: 'abandoned', next: false };
  }
};

/**
 * @param signal ends the search with its reason
 * @param logIn rejects with a Refusal, or with the reason of the signal that it is given
 * @throws Refusal a host's definite answer, or the most telling one of all that were tried
 */
export const reach = async <T>(
  { hosts, connectTimeoutMs }: Backend,
  signal: AbortSignal,
  logIn: (host: BackendHost, signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const failures: Failed[] = [];
  for (const host of hosts.inTurn()) {
    const startedAtMs = performance.now();
    const tooLong = AbortSignal.timeout(connectTimeoutMs);
    try {
      const found = await logIn(host, AbortSignal.any([signal, tooLong]));
      hosts.note(host, 'served');
      return found;
    } catch (error) {
      if (signal.aborted) {
        const waited = performance.now() - startedAtMs >= noticeableMs;
        hosts.note(host, waited ? 'failed' : 'abandoned', 'nobody waited for its answer any longer');
        throw signal.reason;
      }
      const silent = error === tooLong.reason;
      const cause = `no answer within ${connectTimeoutMs} ms`;
      const refusal = silent ? new Refusal('backend-unreachable', {}, { cause }) : Refusal.from(error);
      const { event, next } = judge(refusal);
      hosts.note(host, silent ? 'silent' : event, reasonOf(refusal));
      if (!next) throw refusal;
      failures.push({ place: placeText(host), refusal });
    }
  }
  throw refusalOf(failures);
};
