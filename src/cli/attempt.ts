/** `postern attempt list`: who tried to connect to an account, and how it ended. */

import type { Command } from 'commander';
import { listAttempts, type ToldAttempt } from '../control/attempts.ts';
import { asOperator } from './as-operator.ts';
import { parseCount } from './options.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

const defaultLimit = 50;

const columns: Columns<ToldAttempt> = {
  at: ({ at }) => at,
  outcome: ({ outcome }) => outcome,
  reason: ({ reason }) => reason,
  sqlstate: ({ sqlstate }) => sqlstate,
  address: ({ address }) => address,
  certificate: ({ certificate }) => certificate,
  key: ({ key }) => key,
  application: ({ applicationName }) => applicationName,
};

export const addAttemptCommands = (program: Command, shell: Shell): void => {
  const attempt = program.command('attempt').description('who tried to connect, and how it ended');
  attempt
    .command('list <account>')
    .description('the latest attempts, newest first')
    .option('--limit <n>', 'how many', parseCount, defaultLimit)
    .action(async (accountName: string, { limit }: { limit: number }) => {
      const attempts = await asOperator(shell.loadConfig(), (context) =>
        listAttempts(context, accountName, { limit }),
      );
      shell.list(attempts, columns, `Nobody has tried to connect to the account "${accountName}".`);
    });
};
