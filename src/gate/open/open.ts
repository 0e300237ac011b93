/**
 * Stage 5. Logs in to the backend as the key's scoped role, with the client's startup parameters, and hands the
 * backend's greeting on byte for byte, except for BackendKeyData: the client gets a cancel key of our own. The client
 * hears AuthenticationOk only now, when there is a session behind it.
 */

import { Refusal } from '../../errors.ts';
import type { AccountPolicy, ApiKey } from '../../policy/account.ts';
import { buildAuthenticationOk, buildBackendKeyData } from '../../wire/backend-messages.ts';
import { buildStartup } from '../../wire/frontend-messages.ts';
import { parseBackendKeyData, parseErrorFields } from '../../wire/messages.ts';
import { cancelQuery } from '../backend/cancel-query.ts';
import { type Backend, dial } from '../backend/dial.ts';
import type { ConnectionFacts } from '../facts.ts';
import { readMessage } from '../reading.ts';
import type { CancelKey, SessionRegistry } from '../registry.ts';
import type { BackendSession, Hello, Identity, Secured } from '../values.ts';
import { authenticate, type RoleLogin } from './authenticate.ts';
import type { SaltedPasswords } from './salted-passwords.ts';

export interface OpenDependencies {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly openRolePassword: (key: ApiKey) => string;
  readonly saltedPasswords: SaltedPasswords;
  readonly registry: SessionRegistry;
  readonly now: () => number;
}

/** More than any backend says at login; a settings report is a few kilobytes. */
const maxGreetingBytes = 1 << 20;

const type = (letter: string): number => letter.charCodeAt(0);
const authentication = type('R');
const errorResponse = type('E');
const backendKeyData = type('K');
const readyForQuery = type('Z');
const negotiateProtocolVersion = type('v');

const rebuild = (messageType: number, body: Buffer): Buffer => {
  const header = Buffer.allocUnsafe(5);
  header[0] = messageType;
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};

/** Everything that a backend says from the startup packet to ReadyForQuery, gathered for the client. */
class Greeting {
  readonly #forClient: Buffer[] = [];
  #bytes = 0;
  backendKey: CancelKey | undefined;

  add(message: Buffer): void {
    this.#bytes += message.length;
    if (this.#bytes > maxGreetingBytes) {
      throw new Refusal('backend-misbehaved', { reason: 'its greeting never ends' });
    }
    this.#forClient.push(message);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#forClient);
  }
}

const roleLogin = (
  account: AccountPolicy,
  key: ApiKey,
  { openRolePassword, saltedPasswords }: OpenDependencies,
): RoleLogin => {
  const password = openRolePassword(key);
  const place = `${account.backend} ${key.sealedRolePassword}`;
  return {
    roleName: key.roleName,
    password,
    saltedPasswordOf: (salt, iterations) => saltedPasswords.of(place, password, salt, iterations),
  };
};

export const open = async (
  secured: Secured,
  hello: Hello,
  { account, key, session }: Identity,
  facts: ConnectionFacts,
  dependencies: OpenDependencies,
): Promise<BackendSession> => {
  const backend = dependencies.backends.get(account.backend);
  if (!backend) throw new Refusal('backend-unreachable', {}, { cause: `no backend "${account.backend}"` });
  facts.backend = backend.name;
  const signal = AbortSignal.any([secured.login.signal, session.ending]);
  const line = await dial(backend, signal);
  try {
    const greeting = new Greeting();
    let authenticated = false;
    const next = async (): Promise<{ type: number; body: Buffer }> => {
      const message = await readMessage(line.socket, maxGreetingBytes, signal, 'backend');
      if (message.type === errorResponse) throw refusedBy(message.body, authenticated, secured);
      return message;
    };
    const nextAuthentication = async (): Promise<Buffer> => {
      for (;;) {
        const message = await next();
        if (message.type === authentication) return message.body;
        if (message.type !== negotiateProtocolVersion) greeting.add(rebuild(message.type, message.body));
      }
    };
    const parameters = [
      { name: 'user', value: Buffer.from(key.roleName) },
      { name: 'database', value: Buffer.from(hello.database) },
      ...hello.parameters,
    ];
    line.socket.write(buildStartup(0, parameters));
    await authenticate(line, roleLogin(account, key, dependencies), nextAuthentication);
    authenticated = true;
    for (;;) {
      const message = await next();
      if (message.type === backendKeyData) greeting.backendKey = parseBackendKeyData(message.body);
      else if (message.type !== readyForQuery) greeting.add(rebuild(message.type, message.body));
      else {
        const cancelKey = dependencies.registry.issueCancelKey(session, hello.minorVersion >= 2 ? 32 : 4);
        greeting.add(buildBackendKeyData(cancelKey.processId, cancelKey.secret));
        greeting.add(rebuild(message.type, message.body));
        break;
      }
    }
    session.opened(cancelWith(backend, greeting.backendKey));
    facts.openedAfterMs = dependencies.now() - facts.startedAtMs;
    secured.line.stream.write(Buffer.concat([buildAuthenticationOk(), greeting.bytes()]));
    return { socket: line.socket };
  } catch (error) {
    line.socket.destroy();
    throw error instanceof Refusal && error.code === 'client-gone' ? lostDuringLogin(error) : error;
  }
};

const lostDuringLogin = (cause: unknown): Refusal => new Refusal('backend-unreachable', {}, { cause });

const cancelWith =
  (backend: Backend, key: CancelKey | undefined): (() => Promise<void>) =>
  async () => {
    if (key) await cancelQuery(backend, key);
  };

/**
 * The backend's refusal. What it says to an authenticated role (a limit, no CONNECT privilege, starting up) goes to the
 * client byte for byte. A refused role is our fault and not the client's: 28P01 would make it ask for the key again.
 */
const refusedBy = (body: Buffer, authenticated: boolean, { line }: Secured): Refusal => {
  const { sqlstate, message } = parseErrorFields(body);
  const reason = `${sqlstate} ${message}`;
  if (!authenticated && sqlstate.startsWith('28')) {
    return new Refusal('backend-rejected-role', {}, { cause: reason });
  }
  line.stream.write(rebuild(errorResponse, body));
  return new Refusal('backend-refused', { reason }, { cause: reason });
};
