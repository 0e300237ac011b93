/**
 * Stage 3. Reads the startup packet inside TLS, tells what `encrypt` found out, and settles which account wants to
 * reach which database under which protocol version. A CancelRequest may come here instead.
 */

import { Refusal } from '../../errors.ts';
import type { AccountPolicy } from '../../policy/account.ts';
import type { CertificateOwner, PolicyView } from '../../policy/book.ts';
import { judgeDatabase, judgeUser } from '../../policy/judge.ts';
import { withoutKeys } from '../../policy/key-text.ts';
import { buildNegotiateProtocolVersion } from '../../wire/backend-messages.ts';
import {
  isProtocolOption,
  newestProtocolMinor,
  parameterText,
  parseStartupLength,
  parseStartupPacket,
  type StartupPacket,
  type StartupParameter,
} from '../../wire/startup.ts';
import type { ConnectionFacts } from '../facts.ts';
import { readExactly } from '../reading.ts';
import type { CancelOrder, Hello, Secured } from '../values.ts';

export interface GreetDependencies {
  readonly policy: PolicyView;
  readonly now: () => number;
  /** Why nobody new can be admitted at the moment; null: the gate is open. */
  readonly closedBecause: () => Refusal | null;
}

const ownParameters = new Set(['user', 'database', 'replication']);

/** PostgreSQL's `parse_bool`: the values of `replication` that ask for an ordinary connection. */
const isOff = (value: string): boolean => /^(f|fa|fal|fals|false|n|no|of|off|0)$/i.test(value);

const readStartup = async ({ line, login }: Secured): Promise<StartupPacket> => {
  const bodyBytes = parseStartupLength(await readExactly(line.stream, 4, login.signal));
  return parseStartupPacket(await readExactly(line.stream, bodyBytes, login.signal));
};

/** Answers a newer minor version or unknown protocol options, and settles the version (manual §54.2.3). */
const agreeOnVersion = (
  minor: number,
  parameters: readonly StartupParameter[],
  { line }: Secured,
): number => {
  const agreed = Math.min(minor, newestProtocolMinor);
  const unknownOptions = parameters.map(({ name }) => name).filter(isProtocolOption);
  if (agreed < minor || unknownOptions.length > 0) {
    line.stream.write(buildNegotiateProtocolVersion(agreed, unknownOptions));
  }
  return agreed;
};

/** Tells now what `encrypt` found wrong. */
const admittedOwner = ({ verdict }: Secured): CertificateOwner | null => {
  if (verdict instanceof Refusal) throw verdict;
  return verdict;
};

const settleAccount = (
  user: string,
  owner: CertificateOwner | null,
  { address }: Secured,
  { policy, now }: GreetDependencies,
): AccountPolicy => {
  if (user === '') throw new Refusal('user-missing');
  const account = judgeUser(user, owner, policy, address, now());
  if (account instanceof Refusal) throw account;
  return account;
};

export const greet = async (
  secured: Secured,
  facts: ConnectionFacts,
  dependencies: GreetDependencies,
): Promise<Hello | CancelOrder> => {
  const packet = await facts.loginTime.waitingFor('client', readStartup(secured));
  if (packet.kind === 'cancel') return packet;
  if (packet.kind !== 'startup') throw new Refusal('too-many-negotiations');

  const { parameters } = packet;
  const user = parameterText(parameters, 'user') ?? '';
  const requested = parameterText(parameters, 'database') || user;
  facts.user = withoutKeys(user);
  facts.database = withoutKeys(requested);
  facts.applicationName = withoutKeys(parameterText(parameters, 'application_name') ?? '');
  const minorVersion = agreeOnVersion(packet.minor, parameters, secured);
  facts.protocol = `3.${minorVersion}`;

  const closed = dependencies.closedBecause();
  if (closed) throw closed;
  const owner = admittedOwner(secured);
  const account = settleAccount(user, owner, secured, dependencies);
  facts.account = account.name;
  facts.accountId = account.id;
  if (!isOff(parameterText(parameters, 'replication') ?? 'off')) throw new Refusal('replication-refused');
  const database = judgeDatabase(account, requested);
  if (database instanceof Refusal) throw database;
  facts.database = database;

  return {
    kind: 'hello',
    account,
    certificateId: owner?.certificate.id ?? null,
    // An account is only ever settled for an address that its allowlist admits.
    address: secured.address as NonNullable<Secured['address']>,
    user,
    database,
    minorVersion,
    parameters: parameters.filter(({ name }) => !ownParameters.has(name) && !isProtocolOption(name)),
  };
};
