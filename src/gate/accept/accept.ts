/**
 * Stage 1. Leaves with the client's real address (a PROXY header counts only from trusted senders, and from them it
 * is required) and a place among the half-open connections.
 */

import { type AddressSet, admittedUntil } from '../../policy/addresses.ts';
import type { PolicyView } from '../../policy/book.ts';
import { displayAddress, parseAddress } from '../../policy/cidr.ts';
import type { ClientLine } from '../client-line.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { Login } from '../login.ts';
import type { Admitted } from '../values.ts';
import { readProxyHeader } from './proxy-header.ts';

export interface AcceptDependencies {
  readonly trustedProxies: AddressSet;
  readonly policy: PolicyView;
  readonly now: () => number;
}

export const accept = async (
  line: ClientLine,
  login: Login,
  facts: ConnectionFacts,
  { trustedProxies, policy, now }: AcceptDependencies,
): Promise<Admitted> => {
  const peer = parseAddress(facts.address);
  const isTrusted = peer !== undefined && admittedUntil(trustedProxies, peer) > 0;
  const source = isTrusted
    ? await facts.loginTime.waitingFor('client', readProxyHeader(line.stream, login.signal))
    : null;
  if (source) {
    facts.address = displayAddress(source.address);
    facts.port = source.port;
  }
  const address = source ? parseAddress(facts.address) : peer;
  const isBalancer = isTrusted && source === null;
  const isAdmitted = () => isBalancer || (address !== undefined && policy.admitsSomewhere(address, now()));
  await login.countFor(facts.address, isAdmitted);
  return { line, login, address, shownAddress: facts.address };
};
