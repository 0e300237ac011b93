/** The parts of the benchmark that need no proxy: reading, reckoning, telling. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlone } from './alone.ts';
import { cpuOfProcesses, cpuOfThreads, parseMachineStat, parseProcessStat } from './cpu.ts';
import { parseLog, parseProgress } from './pgbench-output.ts';
import { type CpuProfile, profileTable, selfTimes } from './profile-report.ts';
import { isMet, report } from './report.ts';
import { inDigits, median, quantile } from './statistics.ts';
import type { Target } from './work.ts';
import { works } from './works/all.ts';

describe('reading what programs say', () => {
  it('takes the rate from a progress line of pgbench, and nothing from other lines', () => {
    expect(parseProgress('progress: 2.0 s, 10723.9 tps, lat 0.743 ms stddev 0.118, 0 failed')).toBe(10_723.9);
    expect(parseProgress('pgbench (15.18 (Debian 15.18-0+deb12u1))')).toBeNull();
  });

  it('takes the latencies from a log of pgbench', () => {
    expect(parseLog('0 199 2241 0 1175850568 995598\n0 200 2465 0 1175850568 998079\n')).toEqual([
      2241, 2465,
    ]);
  });

  it('finds CPU times behind whatever name a process has', () => {
    const stat = '7 (a) b) R 1 7 7 0 -1 4194304 95 0 0 0 123 45 9 9 20 0 1 0 100 0 0';
    expect(parseProcessStat(stat)).toEqual({ user: 1.23, system: 0.45 });
  });

  it('counts neither idling nor what other machines took', () => {
    expect(parseMachineStat('cpu  100 20 30 9000 800 4 6 7000 0 0\ncpu0 1 1 1\n')).toBe(1.6);
  });

  it('counts the CPU of this process', () => {
    const { user, system } = cpuOfProcesses(process.pid);
    expect(user + system).toBeGreaterThan(0);
  });

  it('counts it by threads as well', () => {
    const threads = cpuOfThreads(process.pid);
    expect([...threads.values()].reduce((sum, each) => sum + each)).toBeGreaterThan(0);
  });
});

describe('reckoning', () => {
  it.each([
    { values: [3, 1, 2], middle: 2 },
    { values: [4, 1, 2, 3], middle: 2.5 },
    { values: [7], middle: 7 },
    { values: [], middle: Number.NaN },
  ])('has the median $middle of $values', ({ values, middle }) => {
    expect(median(values)).toBe(middle);
  });

  it('has quantiles that are among the values', () => {
    const values = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([0, 50, 99, 100]);
  });

  it('tells numbers in three digits', () => {
    const numbers = [0.012_345, 1.2345, 12.345, 123.45, 12_345, 0, Number.NaN];
    expect(numbers.map(inDigits)).toEqual(['0.0123', '1.23', '12.3', '123', '12300', '0', '–']);
  });
});

describe('the report', () => {
  const most: Target = { id: 'most', what: 'CPU', bound: 'at most', limit: 1.15, unit: '×' };
  const least: Target = { id: 'least', what: 'rate', bound: 'at least', limit: 1.2, unit: '×' };

  it('holds measurements against bounds on the side that is meant', () => {
    expect([1.15, 1.16].map((measured) => isMet(most, measured))).toEqual([true, false]);
    expect([1.2, 1.19].map((measured) => isMet(least, measured))).toEqual([true, false]);
  });

  it('says of every target whether it is met, missed or not measured, and shows the tables', () => {
    const memory: Target = { id: 'memory', what: 'memory', bound: 'at most', limit: 40, unit: 'KB' };
    const table = { caption: '8 clients', columns: ['', 'queries/s'], rows: [['Postern', '9']] };
    expect(
      report([
        {
          work: { title: 'Queries', targets: [most, least, memory] },
          outcome: { tables: [table], measured: { most: 1.2, least: 1.2 } },
        },
      ]),
    ).toBe(
      `## Targets

| target |  | measured |  |
|---|---|---|---|
| CPU | ≤ 1.15 × | 1.20 × | **missed** |
| rate | ≥ 1.2 × | 1.20 × | met |
| memory | ≤ 40 KB | – | not measured |

## Queries

8 clients:

|  | queries/s |
|---|---|
| Postern | 9 |`,
    );
  });

  it('tells a profile as shares of the time that was worked within the load', () => {
    const frame = (functionName: string, url = '') => ({
      functionName,
      url,
      lineNumber: url === '' ? -1 : 4,
    });
    const profile: CpuProfile = {
      startTime: 1_000,
      nodes: [
        { id: 1, callFrame: frame('(idle)') },
        { id: 2, callFrame: frame('(program)') },
        { id: 3, callFrame: frame('onread', 'node:net') },
        { id: 4, callFrame: frame('(garbage collector)') },
      ],
      samples: [2, 1, 2, 3, 4, 2, 2],
      timeDeltas: [0, 100, 500, 60, 30, 10, 100],
    };
    const { rows } = profileTable(selfTimes(profile, [1_050, 1_699]), 'load');
    expect(rows).toEqual([
      ['60.0 %', 'native', '**all**', ''],
      ['30.0 %', 'JavaScript of Node', '**all**', ''],
      ['10.0 %', 'garbage collection', '**all**', ''],
      ['60.0 %', 'native', '(program)', ''],
      ['30.0 %', 'JavaScript of Node', 'onread', 'node:net:5'],
      ['10.0 %', 'garbage collection', '(garbage collector)', ''],
    ]);
  });
});

describe('the works', () => {
  it('are those that the document names, in its order', () => {
    const text = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
    const named = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id);
    expect(named).toEqual(works.map(({ id }) => id));
  });

  it('have targets with ids of their own', () => {
    for (const { targets } of works) expect(new Set(targets.map(({ id }) => id)).size).toBe(targets.length);
  });
});

describe('a benchmark', () => {
  it('is the only one on its computer until it has ended', async () => {
    const [first, second] = [new AsyncDisposableStack(), new AsyncDisposableStack()];
    expect(await isAlone(first)).toBe(true);
    expect(await isAlone(second)).toBe(false);
    await first.disposeAsync();
    expect(await isAlone(second)).toBe(true);
    await second.disposeAsync();
  });
});
