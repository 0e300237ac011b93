/** `postern instance list`: which gates are running. */

import type { Command } from 'commander';
import { type ListedInstance, listInstances } from '../store/instances.ts';
import { asOperator } from './as-operator.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

export const instanceColumns: Columns<ListedInstance> = {
  id: ({ id }) => id,
  address: ({ address }) => address,
  version: ({ version }) => version,
  started: ({ startedAt }) => startedAt,
  state: ({ state }) => state,
  heartbeat: ({ heartbeatAt }) => heartbeatAt,
  'policy version': ({ policyVersion }) => policyVersion,
};

export const addInstanceCommands = (program: Command, shell: Shell): void => {
  const instance = program.command('instance').description('the running Posterns');
  instance
    .command('list')
    .description('those that are alive or fell silent within the last hour, oldest first')
    .action(async () => {
      const instances = await asOperator(shell.loadConfig(), ({ store }) => listInstances(store));
      shell.list(instances, instanceColumns, 'No instance is running.');
    });
};
