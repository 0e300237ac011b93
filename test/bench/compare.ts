/**
 * The same work on several peers in alternation, A B C A B C, so that a machine that gets slower or faster meanwhile does so
 * for all of them. Ratios and differences are taken within a round, and of those the median.
 */

import type { Bench } from './bench.ts';
import type { Sample } from './measure.ts';
import type { Peer, PeerId } from './peers/peer.ts';
import { median } from './statistics.ts';

type Quantity<T> = (measured: T) => number;

export interface Compared<T> {
  readonly peers: readonly Peer[];
  /** Of what was measured on it, the median of all rounds. */
  typical(peer: PeerId, quantity: Quantity<T>): number;
  /** How many times as much it has as the other one. NaN: one of them has none */
  ratio(peer: PeerId, other: PeerId, quantity: Quantity<T>): number;
  /** How much more. */
  difference(peer: PeerId, other: PeerId, quantity: Quantity<T>): number;
}

const divide = (value: number, by: number): number => value / by;
const subtract = (value: number, other: number): number => value - other;

export const compare = async <T = Sample>(
  bench: Bench,
  what: string,
  ids: readonly PeerId[],
  measureOnce: (peer: Peer) => Promise<T>,
): Promise<Compared<T>> => {
  const peers: Peer[] = [];
  for (const id of ids) peers.push(await bench.peer(id));
  const rounds: ReadonlyMap<PeerId, T>[] = [];
  for (let round = 1; round <= bench.form.rounds; round += 1) {
    bench.say(`${what}: round ${round} of ${bench.form.rounds}`);
    const measured = new Map<PeerId, T>();
    for (const peer of peers) {
      bench.signal.throwIfAborted();
      measured.set(peer.id, await measureOnce(peer));
    }
    rounds.push(measured);
  }
  const inRounds = (peer: PeerId, quantity: Quantity<T>) =>
    rounds.map((round) => {
      const measured = round.get(peer);
      return measured === undefined ? Number.NaN : quantity(measured);
    });
  const related = (peer: PeerId, other: PeerId, quantity: Quantity<T>, relate: typeof divide) => {
    const others = inRounds(other, quantity);
    return median(inRounds(peer, quantity).map((value, round) => relate(value, others[round] ?? Number.NaN)));
  };
  return {
    peers,
    typical: (peer, quantity) => median(inRounds(peer, quantity)),
    ratio: (peer, other, quantity) => related(peer, other, quantity, divide),
    difference: (peer, other, quantity) => related(peer, other, quantity, subtract),
  };
};
