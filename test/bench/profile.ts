/**
 * `npm run bench -- --profile`: what Postern's process does under point queries and under new sessions. V8 samples it
 * (`node --cpu-prof`), and only samples from within each load count: neither starting up nor idling. What the kernel
 * does for it counts as native.
 */

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pollUntil } from '../support/poll.ts';
import type { Bench } from './bench.ts';
import { measureLoad } from './client.ts';
import { cpuOfThreads } from './cpu.ts';
import { startPostern } from './peers/postern.ts';
import { type CpuProfile, profileTable, type Span, selfTimes } from './profile-report.ts';
import { inDigits } from './statistics.ts';
import { warmUp } from './warm-up.ts';
import type { Table } from './work.ts';
import { pointQueries } from './works/point-queries.ts';
import { newSessions } from './works/sessions.ts';

const clients = 8;

const microseconds = (): number => Number(process.hrtime.bigint() / 1_000n);

/** V8 marks garbage in threads of its own, which its profile does not see. */
const threadTable = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Table => {
  const used = [...after].map(([name, seconds]) => ({ name, seconds: seconds - (before.get(name) ?? 0) }));
  const total = used.reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    caption: 'By threads of the process',
    columns: ['share', 'threads named'],
    rows: used
      .filter(({ seconds }) => seconds > 0)
      .sort((left, right) => right.seconds - left.seconds)
      .map(({ name, seconds }) => [`${inDigits((100 * seconds) / total)} %`, name]),
  };
};

export interface Profiled {
  /** For the developer tools of a browser; stays. */
  readonly file: string;
  readonly tables: readonly Table[];
}

export const profilePostern = async (bench: Bench): Promise<Profiled> => {
  const { installation, running, say } = bench;
  const directory = join(installation.directory, 'profile');
  await mkdir(directory);
  const postern = await startPostern(running, installation, 'postern', {
    NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}`,
  });
  await warmUp(installation, postern);
  const loads = [
    { what: `Point queries, ${clients} clients`, options: pointQueries(clients) },
    { what: `New sessions, ${clients} clients`, options: await newSessions(bench, clients) },
  ];
  const done: { readonly caption: string; readonly span: Span; readonly threads: Table }[] = [];
  for (const { what, options } of loads) {
    say(`Profiling: ${what}`);
    const before = cpuOfThreads(postern.pid);
    const from = microseconds();
    const { proxy } = await measureLoad(bench, postern, options);
    const inKernel = proxy ? (100 * proxy.system) / (proxy.user + proxy.system) : Number.NaN;
    done.push({
      caption: `${what} (${inDigits(inKernel)} % of its CPU time in the kernel)`,
      span: [from, microseconds()],
      threads: threadTable(before, cpuOfThreads(postern.pid)),
    });
  }
  // It writes the profile at its end.
  process.kill(postern.pid, 'SIGTERM');
  await pollUntil(() => !existsSync(`/proc/${postern.pid}`), { timeoutMs: 60_000 });
  const [name = ''] = await readdir(directory);
  const file = join(tmpdir(), `postern-${Date.now()}.cpuprofile`);
  await rename(join(directory, name), file);
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  return {
    file,
    tables: done.flatMap(({ caption, span, threads }) => [
      profileTable(selfTimes(profile, span), caption),
      threads,
    ]),
  };
};
