/** `postern certificate …`: the client certificates of an account. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadClientAuthority } from '../compose/control.ts';
import { RequestError } from '../errors.ts';
import type { StoredCertificate } from '../store/certificates.ts';
import { asOperator } from './as-operator.ts';
import { parseCount } from './options.ts';
import { withReservedFile } from './reserved-file.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

interface CreateOptions {
  readonly out: string;
  readonly days?: number;
  readonly csr?: string;
}

/** Here and not above: it takes longer to load than most commands to run. */
const loadControl = () => import('../control/certificates.ts');

const statusOf = ({ revokedAt, notAfter }: StoredCertificate): string => {
  if (revokedAt !== null) return 'revoked';
  return notAfter.getTime() <= Date.now() ? 'expired' : 'active';
};

const columns: Columns<StoredCertificate> = {
  name: ({ name }) => name,
  status: statusOf,
  'valid until': ({ notAfter }) => notAfter,
  'last used': ({ lastUsedAt }) => lastUsedAt,
  revoked: ({ revokedAt }) => revokedAt,
  reason: ({ revokeReason }) => revokeReason,
  serial: ({ serial }) => serial,
};

const readRequest = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    throw new RequestError(
      `The signing request ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
};

const create = async (
  shell: Shell,
  account: string,
  name: string,
  { out, days, csr }: CreateOptions,
): Promise<StoredCertificate> => {
  const config = shell.loadConfig();
  const request = { name, days: days ?? null, csr: csr === undefined ? null : await readRequest(csr) };
  const { createCertificate, revokeCertificate } = await loadControl();
  const clientAuthority = await loadClientAuthority(config);
  return asOperator(config, (context) =>
    withReservedFile(resolve(out), async (write) => {
      const created = await createCertificate({ ...context, clientAuthority }, account, request);
      try {
        await write(created.bundle);
      } catch (error) {
        // Nobody can have its key any more.
        await revokeCertificate(
          context,
          account,
          created.certificate.name,
          'Its bundle could not be written.',
        );
        throw error;
      }
      return created.certificate;
    }),
  );
};

export const addCertificateCommands = (program: Command, shell: Shell): void => {
  const certificate = program.command('certificate').description('the client certificates of an account');
  certificate
    .command('create <account> <name>')
    .description('issue a certificate and write a ZIP with everything its clients need')
    .requiredOption('--out <file.zip>', 'where to write the ZIP; never overwritten, readable by you only')
    .option('--days <n>', 'for how long, instead of authority.default_days', parseCount)
    .option('--csr <file>', 'sign this request (PKCS#10); the key stays with its owner')
    .action(async (account: string, name: string, options: CreateOptions) => {
      const created = await create(shell, account, name, options);
      const file = resolve(options.out);
      shell.answer({ ...created, file }, `Wrote the certificate "${created.name}" to ${file}.`);
    });
  certificate
    .command('list <account>')
    .description('all certificates, expired and revoked ones too')
    .action(async (account: string) => {
      const { listCertificates } = await loadControl();
      const listed = await asOperator(shell.loadConfig(), (context) => listCertificates(context, account));
      shell.list(listed, columns, `The account "${account}" has no certificate.`);
    });
  certificate
    .command('revoke <account> <name>')
    .description('refuse a certificate from now on and end its sessions')
    .option('--reason <text>', 'why, for the records')
    .action(async (account: string, name: string, { reason }: { reason?: string }) => {
      const { revokeCertificate } = await loadControl();
      const revoked = await asOperator(shell.loadConfig(), (context) =>
        revokeCertificate(context, account, name, reason ?? null),
      );
      shell.answer(revoked, `The certificate "${revoked.name}" is revoked.`);
    });
};
