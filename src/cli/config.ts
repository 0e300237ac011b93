/** `postern config check`. */

import type { Command } from 'commander';
import { ConfigError } from '../errors.ts';
import type { Shell } from './shell.ts';

export const addConfigCommands = (program: Command, shell: Shell): void => {
  const config = program.command('config').description('the configuration file');
  config
    .command('check')
    .description('check the configuration and the certificate files it names; tells all problems at once')
    .action(async () => {
      const loaded = shell.loadConfig();
      const { findProblems } = await import('./config-problems.ts');
      const problems = await findProblems(loaded);
      if (problems.length > 0) throw new ConfigError(problems);
      const file = shell.configFile();
      shell.answer({ file, problems }, `${file} is in order.`);
    });
};
