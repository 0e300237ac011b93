/** `postern attempt list`: who tried to connect to an account, and how it ended. */

import type { Command } from 'commander';
import { existingAccount } from '../control/existing.ts';
import { listKeys } from '../store/api-keys.ts';
import { type Attempt, listAttempts } from '../store/attempts.ts';
import { listCertificates } from '../store/certificates.ts';
import { asOperator } from './as-operator.ts';
import { parseCount } from './options.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

const defaultLimit = 50;

const columnsWith = (names: ReadonlyMap<string, string>): Columns<Attempt> => {
  const nameOf = (id: string | null): string | null => (id === null ? null : (names.get(id) ?? id));
  return {
    at: ({ at }) => at,
    outcome: ({ outcome }) => outcome,
    reason: ({ reason }) => reason,
    sqlstate: ({ sqlstate }) => sqlstate,
    address: ({ address }) => address,
    certificate: ({ certificateId }) => nameOf(certificateId),
    key: ({ keyId }) => nameOf(keyId),
    application: ({ applicationName }) => applicationName,
  };
};

export const addAttemptCommands = (program: Command, shell: Shell): void => {
  const attempt = program.command('attempt').description('who tried to connect, and how it ended');
  attempt
    .command('list <account>')
    .description('the latest attempts, newest first')
    .option('--limit <n>', 'how many', parseCount, defaultLimit)
    .action(async (accountName: string, { limit }: { limit: number }) => {
      const { attempts, named } = await asOperator(shell.loadConfig(), async ({ store }) => {
        const { id } = await existingAccount(store, accountName);
        return {
          attempts: await listAttempts(store, id, { limit }),
          named: [...(await listCertificates(store, id)), ...(await listKeys(store, id))],
        };
      });
      const names = new Map(named.map(({ id, name }) => [id, name]));
      shell.list(
        attempts,
        columnsWith(names),
        `Nobody has tried to connect to the account "${accountName}".`,
      );
    });
};
