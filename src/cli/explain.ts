/** `postern explain`: would a client be let in, and which rule decides. Exit code 0: it would. */

import type { Command } from 'commander';
import { type Explanation, explain } from '../control/explain.ts';
import type { Told, Verdict } from '../control/verdicts.ts';
import { RequestError } from '../errors.ts';
import { asOperator } from './as-operator.ts';
import type { Shell } from './shell.ts';
import { type Columns, formatTable } from './table.ts';

interface ExplainOptions {
  readonly address?: string;
  readonly certificate?: string;
  readonly key?: string;
}

type Row = Verdict & { readonly lock: string };

const sentence = ({ sqlstate, message }: Told): string =>
  sqlstate === null ? message : `${sqlstate}: ${message}`;

const columns: Columns<Row> = {
  lock: ({ lock }) => lock,
  opens: ({ opens }) => opens,
  which: ({ name }) => name,
  because: ({ because }) => because,
  'the client sees': ({ told }) => (told === null ? null : sentence(told)),
};

const textOf = ({ account, admitted, locks }: Explanation): string => {
  const rows = locks.flatMap(({ lock, verdicts }) => verdicts.map((each): Row => ({ lock, ...each })));
  const end = admitted ? `\nA client of the account "${account}" would be admitted.\n` : '';
  return `${formatTable(rows, columns)}${end}`;
};

export const addExplainCommand = (program: Command, shell: Shell): void => {
  program
    .command('explain <account>')
    .description('would a client be let in, and which rule decides; exit code 1: it would not')
    .option('--address <ip>', 'that it comes from (default: judge every address rule)')
    .option('--certificate <name>', 'that it shows (default: judge each)')
    .option('--key <name>', 'the API key that it knows (default: judge each)')
    .action(async (account: string, options: ExplainOptions) => {
      const { address = null, certificate = null, key = null } = options;
      const explanation = await asOperator(shell.loadConfig(), (context) =>
        explain(context, account, { address, certificate, key }),
      );
      shell.answer(explanation, textOf(explanation));
      if (explanation.told !== null) {
        throw new RequestError(
          `A client of the account "${account}" would be refused with ${sentence(explanation.told)}`,
        );
      }
    });
};
