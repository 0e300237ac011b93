/**
 * `npm run bench`: Postern side by side with PgBouncer, stunnel and direct TLS. Without options it measures everything and
 * writes `docs/benchmarks.md`; the other forms show what they measured. It installs nothing.
 */

import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { version } from '../../src/program.ts';
import { machineInWords, writeFigures } from '../support/figures-file.ts';
import { isAlone } from './alone.ts';
import type { Bench, Form } from './bench.ts';
import { openBench } from './open.ts';
import { parseOptions } from './options.ts';
import { profilePostern } from './profile.ts';
import { missingPrograms, programVersions } from './programs.ts';
import { type Done, report, tableInWords } from './report.ts';
import type { Work } from './work.ts';

const document = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

/** With the seconds since the start. */
const say = (text: string): void => {
  process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${text}\n`);
};

const circumstances = ({ rounds, seconds }: Form): string =>
  [
    `Measured on ${new Date().toISOString().slice(0, 10)} with Postern ${version}, Node ${process.versions.node}`,
    ...programVersions,
    `Linux ${release()}`,
    machineInWords(),
    `medians of ${rounds} rounds, loads for ${seconds} s each`,
  ].join('; ');

const measure = async (bench: Bench, works: readonly Work[]): Promise<string> => {
  const done: Done[] = [];
  for (const work of works) done.push({ work, outcome: await work.run(bench) });
  return `${circumstances(bench.form)}.\n\n${report(done)}\n`;
};

const profile = async (bench: Bench): Promise<string> => {
  const { file, tables } = await profilePostern(bench);
  const where = `The profile is ${file}, for the developer tools of a browser.`;
  return `${[...tables.map(tableInWords), where].join('\n\n')}\n`;
};

const refuse = (why: string): never => {
  process.stderr.write(`${why}\n`);
  process.exit(1);
};

const { mode, works, form } = parseOptions();
if (process.platform !== 'linux') refuse('The benchmark reads CPU times from /proc: it runs on Linux.');
if (missingPrograms.length > 0) refuse(`The benchmark needs: ${missingPrograms.join(', ')}.`);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
try {
  await using running = new AsyncDisposableStack();
  if (!(await isAlone(running))) refuse('Another benchmark runs on this computer: wait until it has ended.');
  const bench = await openBench(running, form, stop.signal, say);
  const text = await (mode === 'profile' ? profile(bench) : measure(bench, works));
  process.stdout.write(`\n${text}`);
  if (mode === 'whole') writeFigures(document, 'npm run bench', text);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  say('Stopped; everything is removed.');
  process.exitCode = 130;
}
