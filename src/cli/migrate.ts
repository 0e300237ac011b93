/** `postern migrate`: brings the store to what this program expects, as the store's owner. */

import type { Command } from 'commander';
import { openReachable } from '../postgres/reachable.ts';
import { migrate } from '../store/migrate.ts';
import type { Shell } from './shell.ts';

export const addMigrateCommand = (program: Command, shell: Shell): void => {
  program
    .command('migrate')
    .description('create or update the schema of the store')
    .action(async () => {
      const { store } = shell.loadConfig();
      const database = await openReachable('The store', {
        url: store.ownerUrl,
        applicationName: 'postern migrate',
      });
      try {
        const applied = await migrate(database);
        shell.answer(
          { applied },
          applied.length === 0
            ? 'The store is up to date.'
            : `Applied ${applied.length} migrations: ${applied.join(', ')}.`,
        );
      } finally {
        await database.close();
      }
    });
};
