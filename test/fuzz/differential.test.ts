/**
 * The same bytes to a real PostgreSQL and to the Postern in front of it: both say the same words, or `docs/wire-differences.md`
 * says why not. A difference is made as small as it goes and printed as a case for `corpus/`.
 */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianBinaries } from '../support/debian-binaries.ts';
import { ownServersMissing } from '../support/postgres-server.ts';
import { type Arena, clientAddress, openArena } from './arena.ts';
import { corpus } from './corpus.ts';
import { generate } from './generate.ts';
import { inParallel } from './many.ts';
import { play } from './play.ts';
import { type Comparison, ruleOf, rules } from './rules.ts';
import { formatScript, type Script } from './script.ts';
import { cases, only, say, seed } from './settings.ts';
import { smallest } from './smallest.ts';

const inFlight = 32;
/** A machine that is loaded may deliver in one piece what was sent in two, to one of the servers. */
const attempts = 3;

const servers = [
  { server: 'the embedded PostgreSQL', binaries: undefined, missing: ownServersMissing, share: 1 },
  {
    server: 'PostgreSQL 15',
    binaries: debianBinaries(15),
    missing: debianBinaries(15) === undefined,
    share: 0.05,
  },
];

describe.each(servers)('against $server', ({ server, binaries, missing, share }) => {
  if (missing) {
    process.stderr.write(`${server} is not installed: nothing is compared with it, its tests are SKIPPED.\n`);
  }
  const running = new AsyncDisposableStack();
  let arena: Arena;
  let connections = 0;
  beforeAll(async () => {
    if (!missing) arena = await openArena(running, { binaries });
  });
  afterAll(() => running.disposeAsync());

  const compare = async (script: Script): Promise<Comparison> => {
    connections += 1;
    const address = clientAddress(connections);
    const [postgres, postern] = await Promise.all([
      play(script, arena.postgres, address),
      play(script, arena.postern, address),
    ]);
    return { script, postgres, postern, version: Number.parseInt(arena.version, 10) };
  };
  const isExplained = (comparison: Comparison): boolean =>
    comparison.postgres === comparison.postern || ruleOf(comparison) !== undefined;
  /** Again and again: only what comes out each time is a difference. */
  const differs = async (script: Script): Promise<Comparison | undefined> => {
    let last: Comparison | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      last = await compare(script);
      if (isExplained(last)) return undefined;
    }
    return last;
  };

  it.skipIf(missing).each(corpus.filter(({ script }) => script.from === 'client'))(
    'both agree on $name, or it is the difference of that name',
    async ({ name, script }) => {
      const comparison = await compare(script);
      const rule = ruleOf(comparison);
      if (rule === undefined) expect(comparison.postern).toBe(comparison.postgres);
      // An older one differs in more.
      else if (share === 1) expect(name.startsWith(rule.id)).toBe(true);
    },
  );

  it.skipIf(missing)('every difference between their answers is explained', async () => {
    const count = only === undefined ? Math.ceil(cases * share) : 1;
    const explained = new Map<string, number>();
    const differences = new Map<string, { readonly index: number; readonly found: Comparison }>();
    let unsteady = 0;
    const perSecond = await inParallel(inFlight, count, async (number) => {
      const index = only ?? number;
      const comparison = await compare(generate(seed, index));
      const rule = comparison.postgres === comparison.postern ? undefined : ruleOf(comparison);
      if (rule) explained.set(rule.id, (explained.get(rule.id) ?? 0) + 1);
      if (isExplained(comparison)) return;
      const found = await differs(comparison.script);
      if (found === undefined) {
        unsteady += 1;
        return;
      }
      const answers = `${found.postgres} | ${found.postern}`;
      if (differences.size < 10 && !differences.has(answers)) differences.set(answers, { index, found });
    });
    say(
      `PostgreSQL ${arena.version} and Postern: ${count} cases of seed ${seed}, ${perSecond} a second; ` +
        `${[...explained.values()].reduce((sum, each) => sum + each, 0)} of them are differences that are explained, ` +
        `${unsteady} came out otherwise at the next attempt`,
    );
    for (const [id, times] of [...explained].sort()) say(`  ${id}: ${times}`);
    const told: string[] = [];
    for (const { index, found } of differences.values()) {
      // Making it smaller may take a while, and whoever ends the run meanwhile is to have it.
      say(`Case ${index}: ${found.postgres} | ${found.postern}\n${formatScript(found.script)}`);
      const { script, postgres, postern } = await smallest(found, differs);
      told.push(
        [
          `Seed ${seed}, case ${index} (npm run test:fuzz -- --seed ${seed} --only ${index}):`,
          `  PostgreSQL ${arena.version}: ${postgres}`,
          `  Postern: ${postern}`,
          'At its smallest, for test/fuzz/corpus:',
          formatScript(script),
        ].join('\n'),
      );
    }
    expect(told.join('\n\n')).toBe('');
    expect(unsteady).toBeLessThanOrEqual(Math.max(10, count / 200));
  });

  it.skipIf(missing)('Postern is as it was before', async () => {
    expect(arena.serving.crashed()).toBe(false);
    expect(arena.serving.complaint()).toBe('');
    expect(arena.serving.troubles()).toEqual([]);
  });
});

describe('docs/wire-differences.md', () => {
  const table = readFileSync(new URL('../../docs/wire-differences.md', import.meta.url), 'utf8');
  const told = [...table.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, id]) => id);

  it('has every rule by which differences are explained, and no other', () => {
    expect(told.toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });

  it.each(rules.map(({ id }) => id))('a case of %s is kept', (id) => {
    expect(corpus.filter(({ name }) => name.startsWith(id))).not.toEqual([]);
  });
});
