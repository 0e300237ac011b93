/** `postern reconcile`: makes store and backends agree, whatever was interrupted, done by hand or restored. */

import type { Command } from 'commander';
import { type Reconciled, reconcile } from '../control/reconcile.ts';
import { type Repaired, repairRoles } from '../control/repair.ts';
import { resealRoleSecrets } from '../control/reseal.ts';
import { RequestError } from '../errors.ts';
import { asOperator } from './as-operator.ts';
import type { Shell } from './shell.ts';
import { type Columns, formatTable } from './table.ts';

interface Outcome {
  /** Keys that something had interrupted. */
  readonly unfinished: readonly Reconciled[];
  /** Every account and every active key: their roles are as the store says, or why not. */
  readonly repaired: readonly Repaired[];
  /** How many sealed passwords are under the present sealing key now and were not before. */
  readonly resealed: number;
}

const unfinishedColumns: Columns<Reconciled> = {
  account: ({ account }) => account,
  key: ({ key }) => key,
  outcome: ({ outcome }) => outcome,
  problem: ({ problem }) => problem,
};

const problemColumns: Columns<Repaired> = {
  account: ({ account }) => account,
  key: ({ key }) => key,
  problem: ({ problem }) => problem,
};

const textOf = ({ unfinished, repaired, resealed }: Outcome): string => {
  const wrong = repaired.filter(({ problem }) => problem !== null);
  return [
    unfinished.length === 0 ? 'Nothing was left unfinished.\n' : formatTable(unfinished, unfinishedColumns),
    wrong.length === 0 ? '' : formatTable(wrong, problemColumns),
    `${repaired.length - wrong.length} accounts and keys are on their backends as the store says.\n`,
    resealed === 0 ? '' : `${resealed} role passwords were sealed anew.\n`,
  ].join('');
};

export const addReconcileCommand = (program: Command, shell: Shell): void => {
  program
    .command('reconcile')
    .description('make the backends as the store says: finish what was interrupted, repair roles and grants')
    .action(async () => {
      const outcome = await asOperator(
        shell.loadConfig(),
        async (context): Promise<Outcome> => ({
          unfinished: await reconcile(context),
          repaired: await repairRoles(context),
          resealed: await resealRoleSecrets(context),
        }),
      );
      shell.answer(outcome, textOf(outcome));
      const problems = [...outcome.unfinished, ...outcome.repaired].flatMap(({ problem }) => problem ?? []);
      if (problems.length > 0) {
        throw new RequestError(`${problems.length} could not be put right, first of all: ${problems[0]}`);
      }
    });
};
