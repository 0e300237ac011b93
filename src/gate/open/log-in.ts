/**
 * One login at one host of a backend: dial, startup packet, the role's password, and everything that the server says
 * until it is ready. Nothing of it reaches the client, so that another host can still be tried.
 */

import { Refusal } from '../../errors.ts';
import { buildTerminate } from '../../wire/frontend-messages.ts';
import { type BackendHost, type BackendLine, dial } from '../backend/dial.ts';
import type { Backend } from '../backend/reach.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { CancelKey } from '../instance.ts';
import { authenticate, type RoleLogin } from './authenticate.ts';
import { GreetingReader } from './greeting.ts';

export interface LoginOrder extends Pick<ConnectionFacts, 'loginTime'> {
  readonly startup: Buffer;
  /** The BackendKeyData that the client gets instead of the backend's. */
  readonly keyForClient: Buffer;
  readonly targetSessionAttrs: Backend['targetSessionAttrs'];
}

export interface LoggedIn {
  readonly host: BackendHost;
  readonly line: BackendLine;
  /** Of the very server, which the host's name may not lead to any more when it is needed. */
  readonly address: string | undefined;
  /** From behind AuthenticationOk to ReadyForQuery. */
  readonly greeting: Buffer;
  /** undefined: the backend gave none. */
  readonly backendKey: CancelKey | undefined;
}

/** The server says by itself what it is: a query to ask would run under settings that the client has chosen. */
const unsuitable = (wanted: Backend['targetSessionAttrs'], { role }: GreetingReader): Refusal | null => {
  if (wanted === 'any' || role === wanted) return null;
  const cause = role === undefined ? 'it does not say whether it is a standby' : `it is a ${role}`;
  return new Refusal(wanted === 'primary' ? 'backend-no-primary' : 'backend-no-standby', {}, { cause });
};

/**
 * A line on which the server waits for queries; of one on which it does not, nothing is left.
 * @throws Refusal, or the signal's reason
 */
export const logIn = async (
  host: BackendHost,
  { startup, keyForClient, targetSessionAttrs, loginTime }: LoginOrder,
  login: RoleLogin,
  signal: AbortSignal,
): Promise<LoggedIn> => {
  const line = await loginTime.waitingFor('backend', dial(host, signal));
  const { socket } = line;
  const { remoteAddress: address } = socket;
  let reported: unknown;
  socket.once('error', (error) => {
    reported = error;
  });
  try {
    const reader = new GreetingReader(socket, signal);
    socket.write(startup);
    await authenticate(line, login, () => loginTime.waitingFor('backend', reader.nextAuthentication()));
    const greeting = await loginTime.waitingFor('backend', reader.restForClient(keyForClient));
    const refusal = unsuitable(targetSessionAttrs, reader);
    if (refusal) {
      socket.end(buildTerminate());
      socket.destroySoon();
      throw refusal;
    }
    return { host, line, address, greeting, backendKey: reader.backendKey };
  } catch (error) {
    // Unless its farewell is still on its way.
    if (!socket.writableEnded) socket.destroy();
    const lost = error instanceof Refusal && error.code === 'client-gone';
    // What was reported before the end, such as an alert of TLS, tells more than that it ended.
    throw lost ? new Refusal('backend-unreachable', {}, { cause: reported ?? error }) : error;
  }
};
