/** `postern address …`: the allowlist of an account. */

import type { Command } from 'commander';
import { addAddressRule, listAddressRules, removeAddressRule } from '../control/address-rules.ts';
import type { StoredAddressRule } from '../store/address-rules.ts';
import { asOperator } from './as-operator.ts';
import { parseExpiry } from './options.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

interface AddOptions {
  readonly label: string;
  readonly expires?: Date;
}

const columns: Columns<StoredAddressRule> = {
  cidr: ({ cidr }) => cidr,
  label: ({ label }) => label,
  expires: ({ expiresAt }) => expiresAt,
  'created by': ({ createdBy }) => createdBy,
  created: ({ createdAt }) => createdAt,
};

export const addAddressCommands = (program: Command, shell: Shell): void => {
  const address = program.command('address').description('the allowlist of an account');
  address
    .command('add <account> <cidr>')
    .description('admit an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32')
    .option('--label <text>', 'whose address it is', '')
    .option('--expires <duration>', 'for how long, such as 8h or 30d', parseExpiry)
    .action(async (account: string, cidr: string, { label, expires }: AddOptions) => {
      const rule = await asOperator(shell.loadConfig(), (context) =>
        addAddressRule(context, account, { cidr, label, expiresAt: expires ?? null }),
      );
      shell.answer(rule, `The account "${account}" can be used from ${rule.cidr}.`);
    });
  address
    .command('list <account>')
    .description('the allowlist, expired rules too')
    .action(async (account: string) => {
      const rules = await asOperator(shell.loadConfig(), (context) => listAddressRules(context, account));
      shell.list(rules, columns, `The allowlist of the account "${account}" is empty: nobody is admitted.`);
    });
  address
    .command('remove <account> <cidr-or-id>')
    .description('no longer admit an address or network; ends its sessions')
    .action(async (account: string, cidrOrId: string) => {
      const rule = await asOperator(shell.loadConfig(), (context) =>
        removeAddressRule(context, account, cidrOrId),
      );
      shell.answer(rule, `Removed ${rule.cidr} from the allowlist of the account "${account}".`);
    });
};
