/** What somebody wants of the benchmark, from the arguments of `npm run bench --`. */

import { Command, InvalidArgumentError, Option } from 'commander';
import type { Form } from './bench.ts';
import type { Work } from './work.ts';
import { works } from './works/all.ts';

export interface Wanted {
  /** Only what is measured as a whole becomes the document's. */
  readonly mode: 'whole' | 'part' | 'profile';
  readonly works: readonly Work[];
  readonly form: Form;
}

interface Options {
  readonly quick?: boolean;
  readonly work?: readonly Work[];
  readonly profile?: boolean;
  readonly rounds?: number;
  readonly seconds?: number;
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 9999.');
  return Number(text);
};

const oneMoreWork = (id: string, sofar: readonly Work[] = []): readonly Work[] => {
  const work = works.find((each) => each.id === id);
  if (!work) throw new InvalidArgumentError(`There are: ${works.map((each) => each.id).join(', ')}.`);
  return [...sofar, work];
};

const modeOf = ({ profile, quick, work }: Options): Wanted['mode'] => {
  if (profile) return 'profile';
  return quick || work ? 'part' : 'whole';
};

/** Ends the process with a sentence when the arguments are wrong, and after `--help`. */
export const parseOptions = (): Wanted => {
  const options = new Command('npm run bench --')
    .description('Measures Postern side by side with PgBouncer, stunnel and direct TLS.')
    .option('--quick', 'the main works in under three minutes; writes nothing')
    .option('--work <id>', 'this work only; may be repeated; writes nothing', oneMoreWork)
    .addOption(
      new Option('--profile', 'where the CPU time of Postern goes, instead; writes nothing').conflicts([
        'quick',
        'work',
      ]),
    )
    .option('--rounds <n>', 'how often everything is measured', wholeNumber)
    .option('--seconds <n>', 'how long one measurement of a load lasts', wholeNumber)
    .parse()
    .opts<Options>();
  const { quick = false, work, rounds = quick ? 2 : 5, seconds = quick ? 2 : 3 } = options;
  return {
    mode: modeOf(options),
    works: work ?? works.filter((each) => each.quick || !quick),
    form: { rounds, seconds, quick },
  };
};
