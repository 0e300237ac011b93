/**
 * `postern rotate …`: everything secret that wears out, replaced while clients go on working. Each command tells with
 * `--dry-run` what it would do and changes nothing, may be interrupted at any point, and goes on when it is run again.
 */

import type { Command } from 'commander';
import type { SealContext } from '../control/context.ts';
import { listSealingKeyUse, resealRoleSecrets, type SealingKeyUse } from '../control/reseal.ts';
import { asOperator } from './as-operator.ts';
import { dryRunOption } from './options.ts';
import { addRotateAuthorities } from './rotate-authority.ts';
import { addRotateRolePasswords } from './rotate-role-passwords.ts';
import type { Shell } from './shell.ts';
import { type Columns, formatTable } from './table.ts';

interface SealingKeyOutcome {
  readonly dryRun: boolean;
  /** How many role passwords were sealed anew. */
  readonly resealed: number;
  /** Every sealing key as it is now. */
  readonly sealingKeys: readonly SealingKeyUse[];
  /** Ids of those that may leave `sealing_keys`. */
  readonly removable: readonly string[];
}

const columns: Columns<SealingKeyUse> = {
  'sealing key': ({ id }) => id,
  use: ({ use }) => use,
  'role passwords': ({ sealed }) => sealed,
};

const outcomeOf = async (
  context: SealContext,
  done: Pick<SealingKeyOutcome, 'dryRun' | 'resealed'>,
): Promise<SealingKeyOutcome> => {
  const sealingKeys = await listSealingKeyUse(context);
  const unused = sealingKeys.filter(({ use, sealed }) => use === 'opens' && sealed === 0);
  return { ...done, sealingKeys, removable: unused.map(({ id }) => id) };
};

const sentenceOf = ({ dryRun, resealed, sealingKeys, removable }: SealingKeyOutcome): string => {
  const left = sealingKeys.filter(({ use }) => use !== 'seals').reduce((sum, { sealed }) => sum + sealed, 0);
  const [current] = sealingKeys;
  if (dryRun && left > 0)
    return `Role passwords that would be sealed anew with "${current?.id}": ${left}. Nothing was changed.`;
  const done = resealed === 0 ? '' : `Role passwords sealed anew: ${resealed}. `;
  if (removable.length > 0) {
    return `${done}Nothing is sealed with ${removable.join(', ')} any more: once every instance has "${current?.id}" first, take it out of sealing_keys everywhere.`;
  }
  return `${done}Everything is sealed with "${current?.id}": to replace it, put a new key into sealing_keys first.`;
};

const addRotateSealingKey = (rotate: Command, shell: Shell): void => {
  rotate
    .command('sealing-key')
    .description('seal all role passwords anew with the first of sealing_keys')
    .option(...dryRunOption)
    .action(async ({ dryRun = false }: { readonly dryRun?: boolean }) => {
      const outcome = await asOperator(shell.loadConfig(), async (context) => {
        const resealed = dryRun
          ? 0
          : await shell.withProgress('role passwords', (onProgress) =>
              resealRoleSecrets(context, onProgress),
            );
        return outcomeOf(context, { dryRun, resealed });
      });
      shell.answer(outcome, `${formatTable(outcome.sealingKeys, columns)}${sentenceOf(outcome)}`);
    });
};

export const addRotateCommands = (program: Command, shell: Shell): void => {
  const rotate = program
    .command('rotate')
    .description('replace CAs, keys and passwords while clients go on working');
  addRotateAuthorities(rotate, shell);
  addRotateSealingKey(rotate, shell);
  addRotateRolePasswords(rotate, shell);
};
