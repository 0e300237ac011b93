/** What works are given: a PostgreSQL with everything that an operator sets up, the peers in front of it, and how much to do. */

import type { Installation } from '../reliability/installation.ts';
import type { Peer, PeerId } from './peers/peer.ts';

/** How much work there is. */
export interface Form {
  /** How often everything is measured; medians are of these. */
  readonly rounds: number;
  /** How long one measurement of a load lasts. */
  readonly seconds: number;
  /** The short form: of several sizes the telling ones. */
  readonly quick: boolean;
}

export interface Bench {
  readonly form: Form;
  /** Store and backend (one server, `127.0.0.31`), account `bench` with pgbench's tables, and the directory of it all. */
  readonly installation: Installation;
  /** Started when somebody asks for it first. */
  peer(id: PeerId): Promise<Peer>;
  /** Aborted by Ctrl-C: whoever waits for a program gives up. */
  readonly signal: AbortSignal;
  /** What a work starts for itself, and what is to be gone at the end of the run. */
  readonly running: AsyncDisposableStack;
  /** One line for whoever watches. */
  say(text: string): void;
}
