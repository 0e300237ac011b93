/** `postern key …`: the API keys of an account. The text of a key is printed once and kept nowhere. */

import { type Command, Option } from 'commander';
import { type CreatedKey, createKey, listKeys, rotateKey } from '../control/api-keys.ts';
import { setKeyGrants } from '../control/key-grants.ts';
import { revokeKey } from '../control/key-revocation.ts';
import type { KeyKind } from '../policy/account.ts';
import { formatGrant } from '../policy/grants.ts';
import type { StoredKey } from '../store/api-keys.ts';
import { asOperator } from './as-operator.ts';
import { createNote } from './create-note.ts';
import { collect, parseExpiry } from './options.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

interface CreateOptions {
  readonly kind: KeyKind;
  readonly grant?: readonly string[];
  readonly expires?: Date;
}

const statusOf = ({ state, expiresAt, grantsApplied }: StoredKey): string => {
  if (state !== 'active') return state;
  if (expiresAt !== null && expiresAt.getTime() <= Date.now()) return 'expired';
  return grantsApplied ? 'active' : 'active, grants pending';
};

const columns: Columns<StoredKey> = {
  name: ({ name }) => name,
  kind: ({ kind }) => kind,
  status: statusOf,
  ends: ({ hint }) => `…${hint}`,
  expires: ({ expiresAt }) => expiresAt,
  'last used': ({ lastUsedAt }) => lastUsedAt,
  grants: ({ grants }) => grants.map(formatGrant),
};

const tellKey = (shell: Shell, { key, text }: CreatedKey, more: object = {}): void => {
  shell.answer({ ...key, key: text, ...more }, text);
  shell.note(`This is the API key "${key.name}". It is shown only this once: keep it in a safe place.`);
};

const noteCreate = (shell: Shell, { grants }: StoredKey): void => {
  const note = createNote(grants);
  if (note !== null) shell.note(note);
};

const grantOption = ['--grant <grant>', "such as 'select,insert on public.roads'; may be repeated"] as const;

const addCreate = (key: Command, shell: Shell): void => {
  key
    .command('create <account> <name>')
    .description('create an API key with a role of its own, and print it once')
    .addOption(
      new Option('--kind <kind>', 'master: everything the account owns; default_public: only what is public')
        .choices(['regular', 'master', 'default_public'])
        .default('regular'),
    )
    .option(...grantOption, collect)
    .option('--expires <duration>', 'for how long, such as 8h or 90d', parseExpiry)
    .action(async (account: string, name: string, { kind, grant, expires }: CreateOptions) => {
      const request = { name, kind, grants: grant ?? [], expiresAt: expires ?? null };
      const created = await asOperator(shell.loadConfig(), (context) => createKey(context, account, request));
      tellKey(shell, created);
      noteCreate(shell, created.key);
    });
};

export const addKeyCommands = (program: Command, shell: Shell): void => {
  const key = program.command('key').description('the API keys of an account');
  addCreate(key, shell);
  key
    .command('list <account>')
    .description('all API keys, revoked ones too')
    .action(async (account: string) => {
      const keys = await asOperator(shell.loadConfig(), (context) => listKeys(context, account));
      shell.list(keys, columns, `The account "${account}" has no API key.`);
    });
  key
    .command('grant <account> <name>')
    .description('replace what an API key may do')
    .requiredOption(...grantOption, collect)
    .action(async (account: string, name: string, { grant }: { grant: readonly string[] }) => {
      const changed = await asOperator(shell.loadConfig(), (context) =>
        setKeyGrants(context, account, name, grant),
      );
      const grants = changed.grants.map(formatGrant).join('; ');
      shell.answer(changed, `The API key "${changed.name}" may now: ${grants}.`);
      noteCreate(shell, changed);
    });
  key
    .command('rotate <account> <name>')
    .description('give an API key another text, and print it once; refuse the old one and restore its role')
    .action(async (account: string, name: string) => {
      const rotated = await asOperator(shell.loadConfig(), (context) => rotateKey(context, account, name));
      tellKey(shell, rotated, { unfinished: rotated.unfinished });
      if (rotated.unfinished !== null) {
        shell.note(
          `It does not work before \`postern reconcile\` has put its role right: ${rotated.unfinished}`,
        );
      }
    });
  key
    .command('revoke <account> <name>')
    .description('refuse an API key from now on, end its sessions and remove its role')
    .option('--reason <text>', 'why, for the records')
    .action(async (account: string, name: string, { reason }: { reason?: string }) => {
      const revoked = await asOperator(shell.loadConfig(), (context) =>
        revokeKey(context, account, name, reason ?? null),
      );
      const { unfinished } = revoked;
      shell.answer({ ...revoked.key, unfinished }, `The API key "${name}" is revoked.`);
      if (unfinished !== null) {
        shell.note(`Its role is still there, \`postern reconcile\` removes it: ${unfinished}`);
      }
    });
};
