/**
 * How many bytes went through, of sessions that live and that have ended: added up when somebody asks, so that it moves
 * while a session lasts and costs the relay nothing. Never falls, whatever is asked while a session comes to its end.
 */

export interface Traffic {
  readonly clientToBackendBytes: number;
  readonly backendToClientBytes: number;
}

export class RelayedBytes {
  readonly #live: () => Iterable<Traffic>;
  #ended: Traffic = { clientToBackendBytes: 0, backendToClientBytes: 0 };
  #told: Traffic = this.#ended;

  /** @param live of the sessions that are going on */
  constructor(live: () => Iterable<Traffic>) {
    this.#live = live;
  }

  readonly sessionEnded = (traffic: Traffic): void => {
    this.#ended = sum(this.#ended, traffic);
  };

  total(): Traffic {
    let total = this.#ended;
    for (const traffic of this.#live()) total = sum(total, traffic);
    this.#told = {
      clientToBackendBytes: Math.max(this.#told.clientToBackendBytes, total.clientToBackendBytes),
      backendToClientBytes: Math.max(this.#told.backendToClientBytes, total.backendToClientBytes),
    };
    return this.#told;
  }
}

const sum = (one: Traffic, other: Traffic): Traffic => ({
  clientToBackendBytes: one.clientToBackendBytes + other.clientToBackendBytes,
  backendToClientBytes: one.backendToClientBytes + other.backendToClientBytes,
});
