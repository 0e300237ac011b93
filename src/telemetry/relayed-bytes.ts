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
    this.#ended = {
      clientToBackendBytes: this.#ended.clientToBackendBytes + traffic.clientToBackendBytes,
      backendToClientBytes: this.#ended.backendToClientBytes + traffic.backendToClientBytes,
    };
  };

  total(): Traffic {
    let { clientToBackendBytes, backendToClientBytes } = this.#ended;
    for (const traffic of this.#live()) {
      clientToBackendBytes += traffic.clientToBackendBytes;
      backendToClientBytes += traffic.backendToClientBytes;
    }
    this.#told = {
      clientToBackendBytes: Math.max(this.#told.clientToBackendBytes, clientToBackendBytes),
      backendToClientBytes: Math.max(this.#told.backendToClientBytes, backendToClientBytes),
    };
    return this.#told;
  }
}
