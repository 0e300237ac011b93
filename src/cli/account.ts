/** `postern account …` */

import { type Command, Option } from 'commander';
import {
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  listAccounts,
  showAccount,
} from '../control/accounts.ts';
import type { Account } from '../store/accounts.ts';
import { asOperator } from './as-operator.ts';
import { collect, parseCount } from './options.ts';
import type { Shell } from './shell.ts';
import { type Columns, formatFields } from './table.ts';

interface CreateOptions {
  readonly backend: string;
  readonly database: string;
  readonly owner: string;
  readonly alias?: readonly string[];
  readonly maxSessions?: number;
  readonly clientCertificate: Account['clientCertificate'];
  readonly clientAuthentication?: Exclude<Account['clientAuthentication'], null>;
  readonly allowAnyAddress?: true;
}

const columns: Columns<Account> = {
  name: ({ name }) => name,
  status: ({ status }) => status,
  backend: ({ backend }) => backend,
  database: ({ database }) => database,
  'owner role': ({ ownerRole }) => ownerRole,
  certificate: ({ clientCertificate }) => clientCertificate,
  created: ({ createdAt }) => createdAt,
};

const fieldsOf = (account: Account): string =>
  formatFields({
    name: account.name,
    status: account.status,
    backend: account.backend,
    database: account.database,
    aliases: account.databaseAliases,
    'owner role': account.ownerRole,
    'client certificate': account.clientCertificate,
    'client authentication': account.clientAuthentication ?? 'as configured',
    'max sessions': account.maxSessions ?? 'as configured',
    'any address allowed': account.anyAddressAllowed,
    created: account.createdAt,
  });

const addCreate = (account: Command, shell: Shell): void => {
  account
    .command('create <name>')
    .description(
      'create an account for a database that exists; its name is also the user name of its clients',
    )
    .requiredOption('--backend <backend>', 'one of the backends of the configuration')
    .requiredOption('--database <database>', 'the database on that backend')
    .requiredOption('--owner <role>', 'the role that owns the data; keys can be granted what it has')
    .option('--alias <name>', 'another name by which clients may call the database; may be repeated', collect)
    .option('--max-sessions <n>', 'instead of limits.sessions_per_account', parseCount)
    .addOption(
      new Option('--client-certificate <need>', 'whether clients need a certificate')
        .choices(['required', 'optional'])
        .default('required'),
    )
    .addOption(
      new Option('--client-authentication <how>', 'instead of gate.client_authentication').choices([
        'scram-sha-256',
        'password',
      ]),
    )
    .option('--allow-any-address', 'let its allowlist contain 0.0.0.0/0 and ::/0')
    .action(async (name: string, options: CreateOptions) => {
      const created = await asOperator(shell.loadConfig(), (context) =>
        createAccount(context, {
          name,
          backend: options.backend,
          database: options.database,
          ownerRole: options.owner,
          databaseAliases: options.alias ?? [],
          clientCertificate: options.clientCertificate,
          clientAuthentication: options.clientAuthentication ?? null,
          maxSessions: options.maxSessions ?? null,
          anyAddressAllowed: options.allowAnyAddress ?? false,
        }),
      );
      shell.answer(
        created,
        `Created the account "${created.name}". Next: postern address add ${created.name} CIDR`,
      );
    });
};

export const addAccountCommands = (program: Command, shell: Shell): void => {
  const account = program.command('account').description('the customers');
  addCreate(account, shell);
  account
    .command('list')
    .description('all accounts')
    .action(async () => {
      shell.list(await asOperator(shell.loadConfig(), listAccounts), columns, 'There is no account yet.');
    });
  account
    .command('show <name>')
    .description('one account with its settings')
    .action(async (name: string) => {
      const shown = await asOperator(shell.loadConfig(), (context) => showAccount(context, name));
      shell.answer(shown, fieldsOf(shown));
    });
  account
    .command('disable <name>')
    .description('end its sessions and admit nobody until it is enabled again')
    .action(async (name: string) => {
      const disabled = await asOperator(shell.loadConfig(), (context) => disableAccount(context, name));
      shell.answer(disabled, `The account "${name}" is disabled.`);
    });
  account
    .command('enable <name>')
    .description('admit its clients again')
    .action(async (name: string) => {
      const enabled = await asOperator(shell.loadConfig(), (context) => enableAccount(context, name));
      shell.answer(enabled, `The account "${name}" is active.`);
    });
  account
    .command('delete <name>')
    .description("end its sessions and remove its keys' roles; the data stay untouched")
    .action(async (name: string) => {
      await asOperator(shell.loadConfig(), (context) => deleteAccount(context, name));
      shell.answer({ name, status: 'deleted' }, `The account "${name}" is deleted; its data are untouched.`);
    });
};
