import { expect, it } from 'vitest';
import { RelayedBytes, type Traffic } from '../../src/telemetry/relayed-bytes.ts';

it('adds up what lives and what has ended, and never falls while a session comes to its end', () => {
  const live = new Set<Traffic>();
  const relayed = new RelayedBytes(() => live);
  const one = { clientToBackendBytes: 10, backendToClientBytes: 1_000 };
  const other = { clientToBackendBytes: 5, backendToClientBytes: 500 };
  live.add(one).add(other);
  expect(relayed.total()).toEqual({ clientToBackendBytes: 15, backendToClientBytes: 1_500 });
  one.backendToClientBytes += 1;
  expect(relayed.total()).toEqual({ clientToBackendBytes: 15, backendToClientBytes: 1_501 });
  live.delete(one);
  expect(relayed.total()).toEqual({ clientToBackendBytes: 15, backendToClientBytes: 1_501 });
  relayed.sessionEnded(one);
  other.clientToBackendBytes += 2;
  expect(relayed.total()).toEqual({ clientToBackendBytes: 17, backendToClientBytes: 1_501 });
});
