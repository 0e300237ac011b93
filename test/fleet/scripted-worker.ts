/**
 * A worker process for tests of the crew: no gate, but it answers like one. While there is a file `hold-start` or
 * `hold-prepare` in the directory that its argument names, that call does not come to its end.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { type Channel, talk } from '../../src/fleet/ipc.ts';
import type { WorkerCalls } from '../../src/fleet/worker-process.ts';
import { pollUntil } from '../support/poll.ts';

const [, , directory = ''] = process.argv;
const released = (file: string) => pollUntil(() => !existsSync(join(directory, file)), { timeoutMs: 60_000 });

let config: Config;
let prepared: Config;
const nothing = async () => undefined;
const calls: WorkerCalls = {
  start: async (options) => {
    await released('hold-start');
    ({ config } = options);
    return 1;
  },
  ready: nothing,
  // What it goes by stands in for a policy.
  state: () => ({ policyVersion: config.limits.sessions, closedBecause: null, storeAwayMs: null }),
  cancelQuery: async () => false,
  cancelQueryWithDigest: async () => false,
  endSession: () => false,
  metrics: async () => [],
  prepareReload: async (next) => {
    await released('hold-prepare');
    prepared = next;
  },
  applyReload: () => {
    config = prepared;
  },
  drain: nothing,
  stop: nothing,
};
talk(process as Channel, calls);
