/** `postern reconcile`: finishes what was interrupted on backends, as `serve` does by itself. */

import type { Command } from 'commander';
import { type Reconciled, reconcile } from '../control/reconcile.ts';
import { RequestError } from '../errors.ts';
import { withControl } from './context.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

const columns: Columns<Reconciled> = {
  account: ({ account }) => account,
  key: ({ key }) => key,
  outcome: ({ outcome }) => outcome,
  problem: ({ problem }) => problem,
};

export const addReconcileCommand = (program: Command, shell: Shell): void => {
  program
    .command('reconcile')
    .description('finish what was interrupted: roles and grants on the backends')
    .action(async () => {
      const reconciled = await withControl(shell.loadConfig(), reconcile);
      shell.list(reconciled, columns, 'Nothing was left unfinished.');
      const failed = reconciled.filter(({ outcome }) => outcome === 'failed');
      if (failed.length > 0) {
        throw new RequestError(
          `${failed.length} of ${reconciled.length} API keys could not be finished: ${failed[0]?.problem}`,
        );
      }
    });
};
