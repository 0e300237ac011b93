/** The files that the configuration names: whether they can be used, for how long, and who else can read the keys. */

import { stat } from 'node:fs/promises';
import { loadCertificates } from '../../authority/key-pair.ts';
import type { Config } from '../../config/config.ts';
import { problemWith, type SettingCheck, settingChecks } from '../config-problems.ts';
import { type Finding, failed, ok, warning } from './finding.ts';
import { judgeValidity } from './validity.ts';

const renewals: Readonly<Record<string, string>> = {
  'gate.certificate_file':
    'Renew it, if it comes from `postern ca create` by `postern rotate server-certificate`; running gates take it over.',
  'console.certificate_file': 'Put a new certificate there; a running console takes it over.',
  'gate.client_ca_file': 'Replace the client CA: `postern rotate client-ca begin`.',
  'authority.certificate_file': 'Replace the client CA: `postern rotate client-ca begin`.',
  'authority.server_ca_file': 'Replace the server CA: `postern rotate server-ca begin`.',
};

const checkSetting = async (check: SettingCheck, now: number): Promise<Finding> => {
  const { setting, certificateFile } = check;
  const problem = await problemWith(check);
  if (problem !== null) {
    const advice =
      certificateFile === null
        ? `Correct ${setting}.`
        : `Correct ${setting} or the file: \`postern ca create\` makes a new set.`;
    return failed(setting, problem, advice);
  }
  if (certificateFile === null) return ok(setting, 'The URL is in order.');
  const renew = renewals[setting] ?? `Ask whoever made ${certificateFile} for a new one.`;
  return judgeValidity(setting, await loadCertificates(certificateFile), renew, now);
};

const keyFilesOf = ({ gate, console, authority, backends }: Config): [string, string][] => [
  ...(gate ? [['gate.key_file', gate.keyFile] as [string, string]] : []),
  ...(console?.tls ? [['console.key_file', console.tls.keyFile] as [string, string]] : []),
  ...(authority ? [['authority.key_file', authority.keyFile] as [string, string]] : []),
  ...[...backends.values()].flatMap(({ name, clientCertificate }) =>
    clientCertificate ? [[`backends.${name}.key_file`, clientCertificate.keyFile] as [string, string]] : [],
  ),
];

export const modeText = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');

const checkKeyFile = async ([setting, file]: [string, string]): Promise<Finding> => {
  try {
    const { mode } = await stat(file);
    const seen = `${file} has mode ${modeText(mode)}`;
    if ((mode & 0o077) === 0) return ok(setting, `${seen}.`);
    return warning(setting, `${seen}: others than its owner can use the key.`, `Run chmod 600 ${file}.`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return failed(setting, `The file ${file} cannot be looked at (${code}).`, 'Correct its path or rights.');
  }
};

export const checkSettings = (config: Config, now: number): Promise<readonly Finding[]> =>
  Promise.all([
    ...settingChecks(config).map((check) => checkSetting(check, now)),
    ...keyFilesOf(config).map(checkKeyFile),
  ]);
