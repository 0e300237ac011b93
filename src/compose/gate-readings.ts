/** What the metrics of a gate are read from when somebody asks for them. */

import type { ConnectionDependencies } from '../gate/connection.ts';
import type { WaitingRoom } from '../gate/login.ts';
import type { SessionRegistry } from '../gate/registry.ts';
import { gateTable } from '../telemetry/metric-table.ts';
import type { GateReadings } from '../telemetry/metrics.ts';
import type { RelayedBytes, Traffic } from '../telemetry/relayed-bytes.ts';
import type { PolicyInMemory } from './policy-in-memory.ts';

export interface ReadFrom {
  readonly registry: SessionRegistry;
  readonly waitingRoom: WaitingRoom;
  readonly policy: PolicyInMemory;
  readonly relayedBytes: RelayedBytes;
  readonly attemptsWaiting: () => number;
  readonly backends: () => ConnectionDependencies['backends'];
}

const feedStates = gateTable.policyFeed.labels.state;

/** What live sessions have relayed so far. */
export const liveTraffic = function* (registry: SessionRegistry): Generator<Traffic> {
  for (const { meter } of registry.sessions()) if (meter) yield meter;
};

export const gateReadings = (from: ReadFrom): GateReadings => {
  const { registry, waitingRoom, policy, relayedBytes, attemptsWaiting, backends } = from;
  return {
    halfOpenConnections: () => waitingRoom.size,
    activeSessions: () => registry.size,
    relayedBytes: () => {
      const { clientToBackendBytes, backendToClientBytes } = relayedBytes.total();
      return [
        [{ direction: 'client_to_backend' }, clientToBackendBytes],
        [{ direction: 'backend_to_client' }, backendToClientBytes],
      ];
    },
    policyAgeSeconds: () => policy.ageMs() / 1000,
    policyVersion: () => policy.version() ?? 0,
    policyFeed: () => feedStates.map((state) => [{ state }, Number(policy.feedState() === state)]),
    accounts: () => policy.book.size,
    attemptsWaiting,
    backendUp: () =>
      [...backends().values()].flatMap(({ name, hosts }) =>
        hosts.states().map(({ host, up }) => [{ backend: name, host }, Number(up)] as const),
      ),
  };
};
