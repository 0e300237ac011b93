/** `postern doctor`: what is wrong, at the operator's side with a configuration, at a client's with its connection. */

import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { passwordFromEnvironment } from '../config/environment.ts';
import { RequestError } from '../errors.ts';
import type { Finding } from './doctor/finding.ts';
import type { Shell } from './shell.ts';

interface DoctorOptions {
  readonly service?: string;
  readonly serviceName?: string;
  readonly dsn?: string;
}

const readService = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new RequestError(`The service file ${file} cannot be read (${error.code}).`);
  });

const examineClient = async ({ service, serviceName, dsn }: DoctorOptions): Promise<readonly Finding[]> => {
  const [{ parseDsn, parseServiceFile }, { walkConnection }] = await Promise.all([
    import('./doctor/target.ts'),
    import('./doctor/client.ts'),
  ]);
  const target =
    service === undefined ? parseDsn(dsn ?? '') : parseServiceFile(await readService(service), serviceName);
  return walkConnection(target, passwordFromEnvironment());
};

const examineOperator = async (shell: Shell): Promise<readonly Finding[]> => {
  const { examineInstallation } = await import('./doctor/operator.ts');
  return examineInstallation(shell.configFile(), shell.loadConfig);
};

export const addDoctorCommand = (program: Command, shell: Shell): void => {
  program
    .command('doctor')
    .description('look for what is wrong: of this installation, or of a client that cannot connect')
    .addOption(new Option('--service <file>', 'check as a client: the pg_service.conf of a bundle'))
    .addOption(new Option('--service-name <name>', 'which service of that file, if there are several'))
    .addOption(
      new Option(
        '--dsn <string>',
        "check as a client: 'host=… sslcert=…'; the API key is in PGPASSWORD",
      ).conflicts(['service', 'serviceName']),
    )
    .action(async (options: DoctorOptions) => {
      const asClient = options.service !== undefined || options.dsn !== undefined;
      const findings = await (asClient ? examineClient(options) : examineOperator(shell));
      const { formatFindings } = await import('./doctor/finding.ts');
      shell.answer(findings, formatFindings(findings));
      const failures = findings.filter(({ outcome }) => outcome === 'failed').length;
      if (failures > 0) throw new RequestError(`${failures} of ${findings.length} checks failed.`);
    });
};
