/**
 * The hosts of a backend in the order in which a login tries them: as configured, without those that are passed over.
 * When none of the others serves, the one that is due soonest is tried all the same: a breaker saves time where there is
 * another host, and never refuses anybody.
 */

import { placeText } from '../../place.ts';
import { type Breaker, type BreakerEvent, closed, isPassedOver, step } from './breaker.ts';
import type { BackendHost } from './dial.ts';

export interface HostChange {
  /** As people write it. */
  readonly host: string;
  readonly to: Breaker;
  /** Why; undefined: for nothing that failed. */
  readonly error: unknown;
}

interface KnownHost {
  readonly host: BackendHost;
  readonly place: string;
  breaker: Breaker;
}

export class Hosts {
  readonly #known: readonly KnownHost[];
  readonly #nowMs: () => number;
  readonly #onChange: (change: HostChange) => void;

  /**
   * @param nowMs of a clock that is never set back
   * @param onChange hears of each change from one kind of state to another
   */
  constructor(
    hosts: readonly BackendHost[],
    nowMs: () => number,
    onChange: (change: HostChange) => void = () => undefined,
  ) {
    this.#known = hosts.map((host) => ({ host, place: placeText(host), breaker: closed }));
    this.#nowMs = nowMs;
    this.#onChange = onChange;
  }

  /** Each host by its place, and whether logins try it as a rule. */
  states(): readonly { readonly host: string; readonly up: boolean }[] {
    return this.#known.map(({ place, breaker }) => ({ host: place, up: breaker.kind === 'closed' }));
  }

  /** For one login. Whoever takes a host from here tells by `note` what became of it. */
  *inTurn(): Generator<BackendHost> {
    const passedOver: KnownHost[] = [];
    for (const known of this.#known) {
      if (isPassedOver(known.breaker, this.#nowMs())) passedOver.push(known);
      else yield this.#try(known);
    }
    const dueAt = ({ breaker }: KnownHost) => (breaker.kind === 'closed' ? 0 : breaker.dueAtMs);
    const [soonest] = passedOver.sort((one, other) => dueAt(one) - dueAt(other));
    if (soonest) yield this.#try(soonest);
  }

  note(host: BackendHost, event: BreakerEvent, error?: unknown): void {
    const known = this.#known.find((each) => each.host === host);
    if (known) this.#step(known, event, error);
  }

  #try(known: KnownHost): BackendHost {
    this.#step(known, 'tried');
    return known.host;
  }

  #step(known: KnownHost, event: BreakerEvent, error?: unknown): void {
    const from = known.breaker;
    known.breaker = step(from, event, this.#nowMs());
    if (known.breaker.kind !== from.kind) this.#onChange({ host: known.place, to: known.breaker, error });
  }
}
