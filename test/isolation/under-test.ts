/** Neighbours for all tests of a block: there before the first of them, gone after the last. */

import { afterAll, beforeAll } from 'vitest';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import type { Version } from './versions.ts';

/** For the top of a block; nothing is started where the version is missing. */
export const neighboursUnderTest = (version: Version): Neighbours => {
  const running = new AsyncDisposableStack();
  let started: Neighbours | undefined;
  beforeAll(async () => {
    if (!version.missing) started = await startNeighbours(running, version);
  });
  afterAll(() => running.disposeAsync());
  const there = (): Neighbours => {
    if (!started) throw new Error('The neighbours are not there before the first test.');
    return started;
  };
  return {
    get server() {
      return there().server;
    },
    get control() {
      return there().control;
    },
    get socketDirectory() {
      return there().socketDirectory;
    },
    key: (...args) => there().key(...args),
    newKey: (...args) => there().newKey(...args),
    pastTheGate: (...args) => there().pastTheGate(...args),
    superuser: (...args) => there().superuser(...args),
  };
};
