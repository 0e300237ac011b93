/**
 * Stage 1. Leaves with the client's real address (a PROXY header counts only from trusted senders, and from them it
 * is required) and a place among the half-open connections.
 */

import { type AddressSet, admittedUntil, displayAddress, parseAddress } from '../../policy/addresses.ts';
import type { ClientLine } from '../client-line.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { Login } from '../login.ts';
import type { Admitted } from '../values.ts';
import { readProxyHeader } from './proxy-header.ts';

export interface AcceptDependencies {
  readonly trustedProxies: AddressSet;
}

export const accept = async (
  line: ClientLine,
  login: Login,
  facts: ConnectionFacts,
  { trustedProxies }: AcceptDependencies,
): Promise<Admitted> => {
  const peer = parseAddress(facts.address);
  if (peer && admittedUntil(trustedProxies, peer) > 0) {
    const source = await facts.loginTime.waitingFor('client', readProxyHeader(line.stream, login.signal));
    if (source) {
      facts.address = displayAddress(source.address);
      facts.port = source.port;
    }
  }
  await login.countFor(facts.address);
  return { line, login, address: parseAddress(facts.address), shownAddress: facts.address };
};
