/**
 * THE STORY of one connection, from the first byte to the last: accept → encrypt → greet → identify → open → relay →
 * shut. Each stage returns a richer readonly value; a Refusal thrown anywhere arrives at the one catch, and everything
 * ends in `shut`.
 */

import type { Socket } from 'node:net';
import { Refusal } from '../errors.ts';
import type { Stage } from '../failures.ts';
import { displayAddress } from '../policy/addresses.ts';
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
import { type ShutDependencies, shut } from './shut/shut.ts';
import type { Ending } from './values.ts';

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

const live = async (
  line: ClientLine,
  login: Login,
  facts: ConnectionFacts,
  deps: ConnectionDependencies,
): Promise<Ending> => {
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
  try {
    enter('open');
    const backend = await open(secured, hello, identity, facts, deps);
    login.finish();
    deps.milestones.opened(facts);
    enter('relay');
    return await relay(secured, backend, identity, facts, deps);
  } finally {
    deps.registry.untrack(identity.session);
  }
};
