/**
 * Startup, SCRAM and PROXY headers to Postern alone, led by what it makes of them: a script to which it answers, or which it
 * logs, as none before is kept and changed further. A whole batch is in flight at once, because many of its clients say too
 * little to be answered and wait for the deadline; after each one Postern must be as it was before.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { ownServersMissing } from '../support/postgres-server.ts';
import { type Arena, balancerAddress, clientAddress, openArena } from './arena.ts';
import { corpus } from './corpus.ts';
import { evolve } from './evolve.ts';
import { inParallel } from './many.ts';
import { play } from './play.ts';
import { Random } from './random.ts';
import { formatScript, type Script } from './script.ts';
import { mutations, only, say, seed } from './settings.ts';

const perBatch = 500;
const loginTimeoutMs = 2_000;
/** A whole batch arrives at once, and the machine may be loaded. */
const graceMs = 4_000;
/** Caches and counters fill up in these; what leaks goes on. */
const warmUpBatches = 3;
const toleratedBytes = 8 << 20;
/** To its store and of its metrics, which are kept for the next time. */
const toleratedSockets = 6;
const batches = Math.max(warmUpBatches + 1, Math.ceil(mutations / perBatch));

interface Played {
  readonly script: Script;
  readonly address: string;
  readonly answers: string;
}

/** Whoever is logged in and says nothing may stay. */
const loggedIn = / Z hangs$/;
/** Without what the client has chosen, and how much of it: there would be new ones for ever. */
const kindOf = (answers: string): string => answers.replaceAll(/\([^)]*\)/g, '');

describe.skipIf(ownServersMissing || only !== undefined)('Postern alone, under mutation', () => {
  const running = new AsyncDisposableStack();
  const pool: Script[] = corpus.map(({ script }) => script);
  const seen = new Set<string>();
  let arena: Arena;
  let connections = 0;
  beforeAll(async () => {
    arena = await openArena(running, { loginTimeoutMs });
  });
  afterAll(() => running.disposeAsync());

  const playTo = async (script: Script): Promise<Played> => {
    connections += 1;
    const address = (script.from === 'balancer' ? balancerAddress : clientAddress)(connections);
    return {
      script,
      address,
      answers: await play(script, arena.postern, address, loginTimeoutMs + graceMs),
    };
  };
  const playAll = async (scripts: readonly Script[]): Promise<Played[]> => {
    const played: Played[] = [];
    await inParallel(scripts.length, scripts.length, async (index) => {
      played[index] = await playTo(scripts[index] as Script);
    });
    return played;
  };
  /** Nobody is logging in, nobody is logged in, and all that was written to the log is there. */
  const rest = () =>
    pollUntil(
      async () =>
        (await arena.serving.metric('postern_connections_half_open')) === 0 &&
        (await arena.serving.metric('postern_sessions_active')) === 0,
      { timeoutMs: loginTimeoutMs + graceMs, intervalMs: 20 },
    );
  const isNew = (sign: string): boolean => seen.size < seen.add(sign).size;
  /** The scripts which Postern answered or logged as none before. */
  const learn = (played: readonly Played[]): Script[] => {
    const logged = Map.groupBy(arena.serving.endings(), ({ address }) => address);
    const addresses = new Set(played.map(({ address }) => address));
    // Under a PROXY header's address nobody knows whose line it is: any of those that came through a balancer.
    const foreign = [...logged].filter(([address]) => !addresses.has(address)).flatMap(([, lines]) => lines);
    const isNewToHeaders = foreign.filter(({ kind }) => isNew(`a header was logged: ${kind}`)).length > 0;
    return played
      .filter(({ script: { from }, address, answers }) => {
        const lines = logged.get(address);
        const signs = [
          `a ${from} was answered: ${kindOf(answers)}`,
          ...(lines ?? []).map(({ kind }) => `a ${from} was logged: ${kind}`),
        ];
        return signs.filter(isNew).length > 0 || (isNewToHeaders && from === 'balancer' && !lines);
      })
      .map(({ script }) => script);
  };

  it('crashes nowhere, hangs nowhere, grows nowhere, and lets its clients in', async () => {
    const { serving } = arena;
    const login = corpus.find(({ name }) => name === 'login')?.script as Script;
    const held = async () => ({
      sockets: serving.sockets(),
      bytes: await serving.inspector.memoryInUse(),
    });
    learn(await playAll(pool));
    let before: Awaited<ReturnType<typeof held>> | null = null;
    const beganAt = performance.now();
    for (let number = 0; number < batches; number += 1) {
      const random = new Random(seed, number);
      const played = await playAll(Array.from({ length: perBatch }, () => evolve(random, pool)));
      const where = `seed ${seed}, batch ${number}`;
      const hanging = played.filter(({ answers }) => answers.endsWith('hangs') && !loggedIn.test(answers));
      const told = hanging.slice(0, 3).map(({ script, answers }) => `${answers}\n${formatScript(script)}`);
      expect(serving.crashed(), where).toBe(false);
      expect(told.join('\n\n'), `${where}, for test/fuzz/corpus`).toBe('');
      expect((await playTo(login)).answers, where).toMatch(/ Z closed$/);
      await rest();
      pool.push(...learn(played));
      if (number === warmUpBatches - 1) before = await held();
    }
    const seconds = (performance.now() - beganAt) / 1000;
    const after = await held();
    const grown = before && { sockets: after.sockets - before.sockets, bytes: after.bytes - before.bytes };
    say(
      `Postern alone: ${batches * perBatch} cases of seed ${seed} in ${Math.round(seconds)} s; ` +
        `${seen.size} kinds of answers and log lines, ${pool.length - corpus.length} cases kept to go on from; ` +
        `${grown?.sockets} sockets and ${Math.round((grown?.bytes ?? 0) / 1024)} KiB more at the end`,
    );
    expect(grown?.sockets).toBeLessThanOrEqual(toleratedSockets);
    expect(grown?.bytes).toBeLessThan(toleratedBytes);
    expect(serving.complaint()).toBe('');
    expect(serving.troubles()).toEqual([]);
    // All that would hold for a Postern that nobody reaches as well.
    expect(pool.length).toBeGreaterThan(corpus.length);
    expect(await serving.metric('postern_connections_accepted_total')).toBeGreaterThanOrEqual(connections);
  });
});
