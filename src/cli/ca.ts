/** `postern ca create`: the certificate authorities and the gate's certificate, once, before anything else. */

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { collect } from './options.ts';
import type { Shell } from './shell.ts';

interface CreateOptions {
  readonly dir: string;
  readonly name: readonly string[];
}

const configurationFor = (directory: string): string => `
Put this into the configuration:

gate:
  certificate_file: ${directory}/server.crt
  key_file: ${directory}/server.key
  client_ca_file: ${directory}/client_ca.pem
authority:
  certificate_file: ${directory}/client_ca.pem
  key_file: ${directory}/client_ca.key
  server_ca_file: ${directory}/server_ca.pem

Keep server_ca.key apart: only a new server certificate needs it.`;

export const addCaCommands = (program: Command, shell: Shell): void => {
  const ca = program.command('ca').description('the certificate authorities that everything rests on');
  ca.command('create')
    .description('create a client CA, a server CA and a certificate for the gate; never overwrites a file')
    .requiredOption('--dir <dir>', 'directory to write to, made if missing')
    .requiredOption('--name <host-or-ip>', 'name that clients connect to; may be repeated', collect)
    .action(async ({ dir, name }: CreateOptions) => {
      // Here and not above, like all that makes certificates: it takes longer to load than most commands to run.
      const { createAuthorityFiles } = await import('../authority/files.ts');
      const directory = resolve(dir);
      const files = await createAuthorityFiles({ directory, names: name });
      shell.answer(
        { directory, files },
        `Written:\n${files.map((file) => `  ${file}\n`).join('')}${configurationFor(directory)}`,
      );
    });
};
