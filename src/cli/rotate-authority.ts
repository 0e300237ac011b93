/**
 * `postern rotate server-ca STAGE` and `… client-ca STAGE`: begin, switch, finish, with as much time in between as people
 * and instances need. What has to be copied where is told after each.
 */

import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import type { AuthorityKind } from '../authority/authority-name.ts';
import type { RotatingFiles } from '../authority/rotation-state.ts';
import type { RotationStage } from '../authority/rotation-steps.ts';
import type { Config } from '../config/config.ts';
import type { CaShown, RotatedAuthority } from '../control/rotate-authority.ts';
import { RequestError } from '../errors.ts';
import type { Dependents } from '../store/certificate-origins.ts';
import { asOperator } from './as-operator.ts';
import { dryRunOption } from './options.ts';
import type { Shell } from './shell.ts';
import { type Columns, formatTable } from './table.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly caKey?: string;
}

const authorityColumns: Columns<CaShown> = {
  CA: ({ name }) => name,
  use: ({ use }) => use,
  'valid until': ({ notAfter }) => notAfter,
};

const dependentColumns: Columns<Dependents> = {
  account: ({ account }) => account,
  certificates: ({ certificates }) => certificates,
  'last used': ({ lastUsedAt }) => lastUsedAt,
};

const dependentsAre: Readonly<Record<AuthorityKind, string>> = {
  server: 'Active certificates whose bundles trust the old server CA alone:',
  client: 'Active certificates that are signed by the old client CA:',
};

/** What is left to people. Gates and consoles that run take files over by themselves. */
const whatNext: Readonly<Record<AuthorityKind, Readonly<Partial<Record<RotationStage, string>>>>> = {
  server: {
    begin:
      'New bundles trust both CAs. Copy authority.server_ca_file to every instance that issues certificates. When all ' +
      'clients have a new bundle, or the new server_ca.pem, run `postern rotate server-ca switch`.',
    switch:
      'Copy gate.certificate_file to every gate and authority.server_ca_file to every instance that issues certificates; ' +
      "keep the CA's key apart. Then run `postern rotate server-ca finish`.",
    finish: 'Copy authority.server_ca_file to every instance that issues certificates. That was all.',
    renew: 'Copy gate.certificate_file to every gate.',
  },
  client: {
    begin:
      'Certificates of both CAs are admitted here. Copy gate.client_ca_file to every gate; when all have it, run ' +
      '`postern rotate client-ca switch`.',
    switch:
      'New certificates are signed by the new CA. Copy authority.certificate_file and authority.key_file to every instance ' +
      'that issues certificates. When all clients have a new certificate, run `postern rotate client-ca finish`.',
    finish:
      'Copy gate.client_ca_file to every gate and authority.certificate_file to every instance that issues certificates. That was all.',
  },
};

const textOf = (kind: AuthorityKind, stage: RotationStage, rotated: RotatedAuthority): string => {
  const { dryRun, steps, authorities, dependents, refusal } = rotated;
  const list = steps.map((step) => `  ${step}\n`).join('');
  const done = dryRun ? `Would:\n${list}Nothing was changed.\n` : `Done:\n${list}`;
  return [
    formatTable(authorities, authorityColumns),
    steps.length === 0 ? 'Nothing is left to do.\n' : done,
    dependents.length === 0 ? '' : `${dependentsAre[kind]}\n${formatTable(dependents, dependentColumns)}`,
    refusal === null ? '' : `It would be refused: ${refusal}\n`,
    dryRun ? '' : `${whatNext[kind][stage] ?? ''}\n`,
  ].join('');
};

const filesFor = async (
  kind: AuthorityKind,
  { authority, gate }: Config,
  { caKey }: Options,
): Promise<RotatingFiles> => {
  if (authority === null || (kind === 'server' && gate === null)) {
    const sections = kind === 'server' ? '"authority" and "gate"' : '"authority"';
    throw new RequestError(
      `The configuration needs ${sections}: rotate the ${kind} CA where certificates are issued.`,
    );
  }
  const { clientAuthorityFiles, serverAuthorityFiles } = await import('../authority/rotation-state.ts');
  return kind === 'client' || gate === null
    ? clientAuthorityFiles(authority, gate)
    : serverAuthorityFiles(authority, gate, caKey === undefined ? null : resolve(caKey));
};

const rotate = async (
  shell: Shell,
  kind: AuthorityKind,
  stage: RotationStage,
  options: Options,
): Promise<void> => {
  const config = shell.loadConfig();
  const { dryRun = false, force = false } = options;
  const files = await filesFor(kind, config, options);
  // Here and not above, like all that makes certificates: it takes longer to load than most commands to run.
  const { rotateAuthority } = await import('../control/rotate-authority.ts');
  const rotated = await asOperator(config, (context) =>
    shell.withProgress('steps', (onProgress) =>
      rotateAuthority(context, { files, stage, force, dryRun }, onProgress),
    ),
  );
  shell.answer(rotated, textOf(kind, stage, rotated));
};

const caKeyOption = [
  '--ca-key <file>',
  'key of the server CA (default: server_ca.key beside authority.server_ca_file)',
] as const;

const addRotateAuthority = (parent: Command, shell: Shell, kind: AuthorityKind, cutsOff: string): Command =>
  parent
    .command(`${kind}-ca`)
    .description(`replace the ${kind} CA: begin (both are trusted), switch (the new one signs), finish`)
    .addArgument(new Argument('<stage>').choices(['begin', 'switch', 'finish']))
    .option(...dryRunOption)
    .option('--force', cutsOff)
    .action((stage: RotationStage, options: Options) => rotate(shell, kind, stage, options));

export const addRotateAuthorities = (parent: Command, shell: Shell): void => {
  addRotateAuthority(
    parent,
    shell,
    'server',
    'switch, although bundles are left that trust the old CA alone',
  ).option(...caKeyOption);
  addRotateAuthority(parent, shell, 'client', 'finish, although certificates of the old CA are left');
  parent
    .command('server-certificate')
    .description("renew the gate's certificate by the same CA, for the same names and key")
    .option(...dryRunOption)
    .option(...caKeyOption)
    .action((options: Options) => rotate(shell, 'server', 'renew', options));
};
