/**
 * THE STORY of one connection, from the first byte to the last: accept → encrypt → greet → identify → open → relay →
 * shut. Each stage returns a richer readonly value; a Refusal thrown anywhere arrives at the one catch, and everything
 * ends in `shut`.
 */

import type { Socket } from 'node:net';
import { Refusal } from '../errors.ts';
import type { Stage } from '../failures.ts';
import { displayAddress } from '../policy/cidr.ts';
import { type AcceptDependencies, accept } from './accept/accept.ts';
import { ClientLine } from './client-line.ts';
import { type EncryptDependencies, encrypt } from './encrypt/encrypt.ts';
import { beginFacts, type ConnectionFacts } from './facts.ts';
import { type CancelDependencies, forwardCancel } from './greet/cancel.ts';
import { type GreetDependencies, greet } from './greet/greet.ts';
import { type IdentifyDependencies, identify } from './identify/identify.ts';
import type { Login, WaitingRoom } from './login.ts';
import { type OpenDependencies, open } from './open/open.ts';
import { type RelayDependencies, relay } from './relay/relay.ts';
import type { Session } from './session.ts';
import { type ShutDependencies, shut } from './shut/shut.ts';
import type { BackendSession, Ending } from './values.ts';

/** Told as the connection gets there. */
export interface Milestones {
  readonly accepted: () => void;
  readonly secured: (facts: ConnectionFacts) => void;
  readonly opened: (facts: ConnectionFacts) => void;
}

export interface ConnectionDependencies
  extends AcceptDependencies,
    EncryptDependencies,
    GreetDependencies,
    CancelDependencies,
    IdentifyDependencies,
    OpenDependencies,
    RelayDependencies,
    ShutDependencies {
  readonly milestones: Milestones;
  readonly waitingRoom: WaitingRoom;
  readonly loginTimeoutMs: number;
}

/** A client whose session is open, or why the connection ends before there is one. */
type Arrival =
  | { readonly kind: 'arrived'; readonly backend: BackendSession; readonly session: Session }
  | Ending;

/** Serves one client from accept to close. Resolves when its socket is closed; never rejects. */
export const serveConnection = async (socket: Socket, deps: ConnectionDependencies): Promise<void> => {
  deps.milestones.accepted();
  const facts = beginFacts(displayAddress(socket.remoteAddress ?? ''), socket.remotePort ?? 0, deps.now());
  const line = new ClientLine(socket);
  const login = deps.waitingRoom.startLogin(deps.loginTimeoutMs);
  const ending = await live(line, login, facts, deps).catch(
    (thrown: unknown): Ending => ({ kind: 'refused', refusal: Refusal.from(thrown) }),
  );
  await shut(line, ending, facts, deps);
  // Not before: who is refused and lingers would cost a socket that no limit counts.
  login.finish();
};

/** The relay and its end. Only what it needs is kept for as long as a session lasts: it may be idle for days. */
const live = async (
  line: ClientLine,
  login: Login,
  facts: ConnectionFacts,
  deps: ConnectionDependencies,
): Promise<Ending> => {
  const arrival = await arrive(line, login, facts, deps);
  if (arrival.kind !== 'arrived') return arrival;
  const { backend, session } = arrival;
  try {
    return await relay(line, backend, session, facts, deps);
  } finally {
    deps.registry.untrack(session);
  }
};

/**
 * The stages up to the relay. What each leaves behind for the next, packets with the whole buffers in which they were
 * received above all, is garbage when this returns: a function that waits keeps alive all that it has ever named.
 */
const arrive = async (
  line: ClientLine,
  login: Login,
  facts: ConnectionFacts,
  deps: ConnectionDependencies,
): Promise<Arrival> => {
  const enter = (stage: Stage): void => {
    facts.stage = stage;
  };
  const admitted = await accept(line, login, facts, deps);
  enter('encrypt');
  const secured = await encrypt(admitted, facts, deps);
  if (secured.kind === 'cancel') return forwardCancel(secured, admitted, deps);
  deps.milestones.secured(facts);
  enter('greet');
  const hello = await greet(secured, facts, deps);
  if (hello.kind === 'cancel') return forwardCancel(hello, admitted, deps);
  enter('identify');
  const identity = await identify(secured, hello, facts, deps);
  const { session } = identity;
  try {
    enter('open');
    const backend = await open(secured, hello, identity, facts, deps);
    login.finish();
    deps.milestones.opened(facts);
    enter('relay');
    return { kind: 'arrived', backend, session };
  } catch (error) {
    deps.registry.untrack(session);
    throw error;
  }
};
