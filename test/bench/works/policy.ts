/** A hundred thousand accounts: what the policy takes in memory, to load, to look up and to change. */

import { join } from 'node:path';
import pg from 'pg';
import { connect } from '../../reliability/clients.ts';
import { configure, superuserUrl } from '../../reliability/installation.ts';
import { startServing, untilReady } from '../../reliability/serving.ts';
import { pollUntil } from '../../support/poll.ts';
import type { Bench } from '../bench.ts';
import { residentBytes } from '../memory.ts';
import { addresses } from '../peers/ground.ts';
import { fillStore, perAccount } from '../policy/fill.ts';
import type { LookUps } from '../policy/look-ups.ts';
import { nextMessage, startProcess } from '../processes.ts';
import { inDigits } from '../statistics.ts';
import type { Work } from '../work.ts';

const accounts = 100_000;
const changes = 10;

/** Of `bench`, from which the sessions come. */
const ruleOfBench = `postern.address_rules WHERE account_id = (SELECT id FROM postern.accounts WHERE name = 'bench')`;

/** Removes the address rule of a live session, again and again. @returns seconds until its client was told, the most */
const changeToEffect = async ({ installation }: Bench, address: string): Promise<number> => {
  await using running = new AsyncDisposableStack();
  const { store, bench } = installation;
  const client = new pg.Client({ connectionString: superuserUrl(store, 'postern') });
  await client.connect();
  running.defer(() => client.end());
  await client.query(`CREATE TEMP TABLE kept AS SELECT * FROM ${ruleOfBench}`);
  let longest = 0;
  for (let change = 0; change < changes; change += 1) {
    const session = await pollUntil(() =>
      connect(running, address, { account: bench }).catch(() => undefined),
    );
    const beganAt = performance.now();
    await client.query(`DELETE FROM ${ruleOfBench}`);
    const { at } = await session.ended;
    longest = Math.max(longest, (at - beganAt) / 1_000);
    await client.query('INSERT INTO postern.address_rules SELECT * FROM kept');
  }
  return longest;
};

const lookUps = async (bench: Bench): Promise<LookUps> => {
  const { directory } = bench.installation;
  const file = new URL('../policy/look-ups.ts', import.meta.url);
  return nextMessage(startProcess(bench.running, file, join(directory, 'store.url')));
};

/** From the start of the process to the moment at which it admits people. */
const startOn = async (bench: Bench, running: AsyncDisposableStack) => {
  const file = await configure(bench.installation, { address: addresses.policy });
  const beganAt = performance.now();
  const serving = running.use(startServing(addresses.policy, file));
  await untilReady(serving, 60_000);
  return { pid: serving.pid, seconds: (performance.now() - beganAt) / 1_000 };
};

export const policyWork: Work = {
  id: 'policy',
  title: `Policy of ${accounts.toLocaleString('en').replace(',', ' ')} accounts`,
  quick: false,
  targets: [
    { id: 'memory', what: '100 000 accounts: memory of Postern', bound: 'at most', limit: 600, unit: 'MB' },
    { id: 'load', what: '100 000 accounts: from start to ready', bound: 'at most', limit: 20, unit: 's' },
    {
      id: 'look-up',
      what: '100 000 accounts: look-ups of a login, p99',
      bound: 'at most',
      limit: 50,
      unit: 'µs',
    },
    {
      id: 'effect',
      what: '100 000 accounts: from a change to its effect',
      bound: 'at most',
      limit: 1,
      unit: 's',
    },
  ],
  run: async (bench) => {
    await using running = new AsyncDisposableStack();
    const empty = await startOn(bench, running);
    const emptyBytes = residentBytes(empty.pid);
    await running.disposeAsync();
    bench.signal.throwIfAborted();
    bench.say(`Writing ${accounts} accounts into the store`);
    await fillStore(superuserUrl(bench.installation.store, 'postern'), accounts);
    await using full = new AsyncDisposableStack();
    bench.say('Starting Postern on them');
    const { pid, seconds } = await startOn(bench, full);
    const bytes = residentBytes(pid);
    bench.signal.throwIfAborted();
    bench.say('Looking accounts up, and changing one');
    const found = await lookUps(bench);
    const effect = await changeToEffect(bench, addresses.policy);
    const later = residentBytes(pid);
    const inMegabytes = (each: number) => `${inDigits(each / 1e6)} MB`;
    return {
      tables: [
        {
          caption: `Each account has ${perAccount.rules} address rules, ${perAccount.certificates} certificates and ${perAccount.keys} API keys`,
          columns: ['what', 'measured'],
          rows: [
            ['memory without them', inMegabytes(emptyBytes)],
            ['memory with them, once ready', inMegabytes(bytes)],
            [`memory after ${changes} changes`, inMegabytes(later)],
            ['from start to ready, without them', `${inDigits(empty.seconds)} s`],
            ['from start to ready, with them', `${inDigits(seconds)} s`],
            [
              'look-ups of a login (certificate, address, user, key): median, p99',
              `${inDigits(found.median)} µs, ${inDigits(found.p99)} µs`,
            ],
            [
              `from a change to the end of the session that it concerns, longest of ${changes}`,
              `${inDigits(effect)} s`,
            ],
          ],
        },
      ],
      measured: {
        memory: Math.max(bytes, later) / 1e6,
        load: seconds,
        'look-up': found.p99,
        effect,
      },
    };
  },
};
