/**
 * `npm run bench`: Postern side by side with PgBouncer, stunnel and direct TLS. Without options it measures everything and
 * writes `docs/benchmarks.md`; the other forms show what they measured. It installs nothing.
 */

import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { version } from '../../src/program.ts';
import { machineInWords, writeFigures } from '../support/figures-file.ts';
import type { Form } from './bench.ts';
import { openBench } from './open.ts';
import { profilePostern } from './profile.ts';
import { missingPrograms, programVersions } from './programs.ts';
import { type Done, report, tableInWords } from './report.ts';
import type { Work } from './work.ts';
import { works } from './works/all.ts';

interface Options {
  readonly profile?: boolean;
  readonly quick?: boolean;
  readonly work?: readonly Work[];
  readonly rounds?: number;
  readonly seconds?: number;
}

const document = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

/** With the seconds since the start. */
const say = (text: string): void => {
  process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${text}\n`);
};

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 9999.');
  return Number(text);
};

const oneMoreWork = (id: string, sofar: readonly Work[] = []): readonly Work[] => {
  const work = works.find((each) => each.id === id);
  if (!work) throw new InvalidArgumentError(`There are: ${works.map((each) => each.id).join(', ')}.`);
  return [...sofar, work];
};

const formOf = ({ quick = false, rounds, seconds }: Options): Form => ({
  rounds: rounds ?? (quick ? 2 : 5),
  seconds: seconds ?? (quick ? 2 : 4),
  quick,
});

const circumstances = ({ rounds, seconds }: Form): string =>
  [
    `Measured on ${new Date().toISOString().slice(0, 10)} with Postern ${version}, Node ${process.versions.node}`,
    ...programVersions,
    `Linux ${release()}`,
    machineInWords(),
    `medians of ${rounds} rounds, loads for ${seconds} s each`,
  ].join('; ');

const runWorks = async (chosen: readonly Work[], form: Form, signal: AbortSignal): Promise<string> => {
  await using running = new AsyncDisposableStack();
  const bench = await openBench(running, form, signal, say);
  const done: Done[] = [];
  for (const work of chosen) done.push({ work, outcome: await work.run(bench) });
  return `${circumstances(form)}.\n\n${report(done)}\n`;
};

const profile = async (form: Form, signal: AbortSignal): Promise<string> => {
  await using running = new AsyncDisposableStack();
  const { file, tables } = await profilePostern(await openBench(running, form, signal, say));
  return `${[...tables.map(tableInWords), `The profile is ${file}, for a browser's developer tools.`].join('\n\n')}\n`;
};

const program = new Command('npm run bench --')
  .description('Measures Postern side by side with PgBouncer, stunnel and direct TLS.')
  .option('--quick', 'the main works in under three minutes; writes nothing')
  .option('--work <id>', 'this work only; may be repeated; writes nothing', oneMoreWork)
  .option('--profile', 'where the CPU time of Postern goes, instead; writes nothing')
  .option('--rounds <n>', 'how often everything is measured', wholeNumber)
  .option('--seconds <n>', 'how long one measurement of a load lasts', wholeNumber)
  .parse();

if (missingPrograms.length > 0) {
  process.stderr.write(`The benchmark needs what is not installed: ${missingPrograms.join(', ')}.\n`);
  process.exit(1);
}

const options = program.opts<Options>();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
const chosen = options.work ?? works.filter(({ quick }) => quick || !options.quick);
try {
  const text = await (options.profile
    ? profile(formOf(options), stop.signal)
    : runWorks(chosen, formOf(options), stop.signal));
  process.stdout.write(`\n${text}`);
  if (!options.quick && !options.work && !options.profile) writeFigures(document, 'npm run bench', text);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  say('Stopped; everything is removed.');
  process.exitCode = 130;
}
