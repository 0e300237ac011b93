/** The operator's side of `postern doctor`: all that can be wrong with an installation, looked at in one go. Changes nothing. */

import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../errors.ts';
import { examineBackends } from './backends.ts';
import { type Finding, failed, ok } from './finding.ts';
import { checkPorts } from './ports.ts';
import { checkRotations } from './rotations.ts';
import { checkSettings } from './settings.ts';
import { examineStore } from './store.ts';

const storeAndBackends = async (config: Config): Promise<readonly Finding[]> => {
  const { findings, accounts } = await examineStore(config);
  return [...findings, ...(await examineBackends(config, accounts))];
};

/** @param load throws ConfigError */
export const examineInstallation = async (file: string, load: () => Config): Promise<readonly Finding[]> => {
  let config: Config;
  try {
    config = load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => failed('configuration', problem, `Correct ${file}.`));
  }
  const findings = await Promise.all([
    checkSettings(config, Date.now()),
    checkRotations(config),
    checkPorts(config),
    storeAndBackends(config),
  ]);
  return [ok('configuration', `${file} loads.`), ...findings.flat()];
};
