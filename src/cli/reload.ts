/** `postern reload`: tells every running gate, wherever it is, to read its configuration and certificates again. */

import type { Command } from 'commander';
import { orderReload } from '../control/reload.ts';
import { asOperator } from './as-operator.ts';
import { instanceColumns } from './instance.ts';
import type { Shell } from './shell.ts';

export const addReloadCommand = (program: Command, shell: Shell): void => {
  program
    .command('reload')
    .description('have all instances read configuration and certificates again; sessions stay')
    .action(async () => {
      const instances = await asOperator(shell.loadConfig(), orderReload);
      shell.list(instances, instanceColumns, 'No instance is running.');
      if (instances.length > 0) {
        shell.note(
          'These were told to reload. The log of each says "reloaded", or why it keeps what it has.',
        );
      }
    });
};
