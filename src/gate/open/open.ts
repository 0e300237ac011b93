/**
 * Stage 5. Logs in to a host of the backend as the key's scoped role, with the client's startup parameters, and hands the
 * backend's greeting on byte for byte, except for BackendKeyData: the client gets a cancel key of our own. The client
 * hears AuthenticationOk only now, when there is a session behind it.
 */

import { Refusal } from '../../errors.ts';
import { placeText } from '../../place.ts';
import type { AccountPolicy, ApiKey } from '../../policy/account.ts';
import type { PolicyView } from '../../policy/book.ts';
import { buildAuthenticationOk, buildBackendKeyData } from '../../wire/backend-messages.ts';
import { buildStartup } from '../../wire/frontend-messages.ts';
import { maxStartupPacketBytes } from '../../wire/startup.ts';
import { cancelQuery } from '../backend/cancel-query.ts';
import type { BackendHost } from '../backend/dial.ts';
import { type Backend, BackendRefused, reach } from '../backend/reach.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { CancelKey } from '../instance.ts';
import { watchForEnd } from '../reading.ts';
import type { SessionRegistry } from '../registry.ts';
import type { BackendSession, Hello, Identity, Secured } from '../values.ts';
import type { RoleLogin } from './authenticate.ts';
import { type LoginOrder, logIn } from './log-in.ts';
import { withRolePassword } from './role-passwords.ts';
import type { SaltedPasswords } from './salted-passwords.ts';

export interface OpenDependencies {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly policy: PolicyView;
  readonly openRolePassword: (keyId: string, sealed: string) => string;
  readonly saltedPasswords: SaltedPasswords;
  readonly registry: SessionRegistry;
  readonly now: () => number;
}

/** Protocol 3.0 knows only cancel keys of 4 bytes; PostgreSQL gives 32 to clients of 3.2. */
const cancelSecretBytes = (minorVersion: number): number => (minorVersion >= 2 ? 32 : 4);

const roleLogin = (
  account: AccountPolicy,
  { id, roleName }: ApiKey,
  sealed: string,
  { openRolePassword, saltedPasswords }: OpenDependencies,
): RoleLogin => {
  const password = openRolePassword(id, sealed);
  const place = `${account.backend} ${sealed}`;
  return {
    roleName,
    password,
    saltedPasswordOf: (salt, iterations) => saltedPasswords.of(place, password, salt, iterations),
  };
};

/** The role's name is longer than the account's, so that a packet that just fitted may be too long for the backend. */
const startupFor = ({ database, parameters }: Hello, { roleName }: ApiKey): Buffer => {
  const packet = buildStartup(0, [
    { name: 'user', value: Buffer.from(roleName) },
    { name: 'database', value: Buffer.from(database) },
    ...parameters,
  ]);
  if (packet.length - 4 <= maxStartupPacketBytes) return packet;
  throw new Refusal('packet-invalid', { reason: 'its parameters are longer than the database server takes' });
};

/** Made out here, so that it keeps nothing of the login alive: it lasts as long as the session. */
const cancelLater =
  (host: BackendHost, address: string | undefined, key: CancelKey | undefined) => async (): Promise<void> => {
    if (key) await cancelQuery(host, address, key);
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
  const client = secured.line.stream;
  const startup = startupFor(hello, key);
  const { loginTime } = facts;
  const leaving = watchForEnd(client);
  const signal = AbortSignal.any([secured.login.signal, session.ending, leaving.signal]);
  const cancelKey = dependencies.registry.issueCancelKey(session, cancelSecretBytes(hello.minorVersion));
  const order: LoginOrder = {
    startup,
    keyForClient: buildBackendKeyData(cancelKey.processId, cancelKey.secret),
    targetSessionAttrs: backend.targetSessionAttrs,
    loginTime,
  };
  const keyNow = () => dependencies.policy.accountWithId(account.id)?.keys.find(({ id }) => id === key.id);
  try {
    const { host, line, address, greeting, backendKey } = await reach(backend, signal, (each, patience) => {
      facts.backendHost = placeText(each);
      return withRolePassword(key, keyNow, (sealed) =>
        logIn(each, order, roleLogin(account, key, sealed, dependencies), patience),
      );
    });
    session.opened(cancelLater(host, address, backendKey));
    facts.openedAfterMs = dependencies.now() - facts.startedAtMs;
    client.write(Buffer.concat([buildAuthenticationOk(), greeting]));
    loginTime.finish();
    return { intake: line.intake };
  } catch (error) {
    if (error instanceof BackendRefused) client.write(error.words);
    throw error;
  } finally {
    leaving.stop();
  }
};
