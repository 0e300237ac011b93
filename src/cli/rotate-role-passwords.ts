/** `postern rotate role-passwords`: another password for the role behind every active API key. */

import { type Command, Option } from 'commander';
import { silenceOf } from '../control/gates-informed.ts';
import {
  planRolePasswords,
  type RolePasswordRequest,
  type RotatedPassword,
  rotateRolePasswords,
} from '../control/role-passwords.ts';
import { RequestError } from '../errors.ts';
import type { RotatingKey } from '../store/role-secrets.ts';
import { asOperator } from './as-operator.ts';
import { dryRunOption, parseAge } from './options.ts';
import type { Shell } from './shell.ts';
import { type Columns, formatTable } from './table.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly olderThan: Date;
  readonly force?: boolean;
}

/** So that a run that is repeated after an interruption leaves alone what has just been done. */
const defaultAge = '1h';

const planColumns: Columns<RotatingKey> = {
  account: ({ account }) => account,
  key: ({ key }) => key,
  backend: ({ backend }) => backend,
  'password of': ({ setAt }) => setAt,
  'half replaced': ({ announced }) => announced,
};

const problemColumns: Columns<RotatedPassword> = {
  account: ({ account }) => account,
  key: ({ key }) => key,
  backend: ({ backend }) => backend,
  problem: ({ problem }) => problem,
};

const tellPlan = async (shell: Shell, request: RolePasswordRequest): Promise<void> => {
  const { keys, silent } = await asOperator(shell.loadConfig(), (context) =>
    planRolePasswords(context, request),
  );
  const sentence = `Role passwords that would be replaced: ${keys.length}. Nothing was changed.\n`;
  const table = keys.length === 0 ? '' : formatTable(keys, planColumns);
  shell.answer(
    { dryRun: true, keys, silentGates: silent },
    [table, sentence, ...silent.map((gate) => `${silenceOf(gate)}\n`)].join(''),
  );
};

const rotate = async (shell: Shell, request: RolePasswordRequest): Promise<void> => {
  const keys = await asOperator(shell.loadConfig(), (context) =>
    shell.withProgress('role passwords', (onProgress) => rotateRolePasswords(context, request, onProgress)),
  );
  const wrong = keys.filter(({ problem }) => problem !== null);
  const table = wrong.length === 0 ? '' : formatTable(wrong, problemColumns);
  shell.answer({ dryRun: false, keys }, `${table}Role passwords replaced: ${keys.length - wrong.length}.`);
  if (wrong.length > 0) {
    throw new RequestError(
      `Role passwords that could not be replaced and are as they were: ${wrong.length}. The first: ${wrong[0]?.problem} Run this again when that is put right.`,
    );
  }
};

export const addRotateRolePasswords = (parent: Command, shell: Shell): void => {
  parent
    .command('role-passwords')
    .description('give the role of every active API key another password; no session and no login notices')
    .option(...dryRunOption)
    .addOption(
      new Option('--older-than <duration>', 'leave passwords that are younger, such as 30d')
        .argParser(parseAge)
        .default(parseAge(defaultAge), `${defaultAge}, so that a repeated run goes on`),
    )
    .option('--force', 'although a gate has not been heard of: it is gone for good')
    .action(async ({ dryRun, olderThan, force = false }: Options) => {
      const { maxStalenessMs } = shell.loadConfig().policy;
      const request = { setBefore: olderThan, maxStalenessMs, force };
      await (dryRun ? tellPlan(shell, request) : rotate(shell, request));
    });
};
