/**
 * YAML → one frozen Config. Reports every problem at once and never a half-read configuration. The only place
 * that reads the environment.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { type Config, toConfig } from './config.ts';
import { resolveReferences } from './references.ts';
import { type ConfigFile, configFile } from './schema.ts';

const defaultFile = 'config/postern.yaml';

/** The file to load: as the command line says, else POSTERN_CONFIG, else `config/postern.yaml`. */
export const configPath = (option: string | undefined): string =>
  resolve(option ?? process.env['POSTERN_CONFIG'] ?? defaultFile);

const sentence = (issue: z.core.$ZodIssue): string[] => {
  const path = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...issue.path, key].join('.')}: there is no such setting.`);
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [`${path}: this setting is missing.`];
  return [`${path}: ${issue.message.replace(/\.?$/, '.')}`];
};

/** Where a secret stands in the text of a setting: it is all of it, or it is a URL's password. */
const wholeText = /(?<secret>.+)/ds;
const passwordInUrl = /^[^:/?#]+:\/\/[^:/?#]*:(?<secret>[^/?#]*)@/d;

interface Secret {
  readonly path: string;
  readonly text: string;
  readonly place: RegExp;
}

const secretsIn = ({ backends, sealing_keys, store, console }: ConfigFile): Secret[] => [
  { path: 'console.admin_token', text: console?.admin_token ?? '', place: wholeText },
  ...Object.entries(backends).flatMap(([name, { admin }]) =>
    admin ? [{ path: `backends.${name}.admin.password`, text: admin.password, place: wholeText }] : [],
  ),
  ...sealing_keys.map(({ key }, index) => ({
    path: `sealing_keys.${index}.key`,
    text: key,
    place: wholeText,
  })),
  ...(['url', 'owner_url'] as const).map((name) => ({
    path: `store.${name}`,
    text: store[name] ?? '',
    place: passwordInUrl,
  })),
];

/** Secrets of which a single character stands in the file, each with the way to write it. */
const clearSecrets = (file: ConfigFile, blanked: ReadonlyMap<string, string>): string[] =>
  secretsIn(file)
    .filter(({ path, text, place }) => {
      const [from, to] = place.exec(text)?.indices?.groups?.['secret'] ?? [0, 0];
      return /[^\0]/.test((blanked.get(path) ?? '').slice(from, to));
    })
    .map(({ path }) => `${path}: a secret may not stand in the file; write \${file:PATH} or \${env:NAME}.`);

/**
 * @param path an existing YAML file; relative paths inside it start from its directory
 * @throws ConfigError listing every problem
 */
export const loadConfig = (path: string): Config => {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([
      `The configuration ${path} cannot be read (${(error as NodeJS.ErrnoException).code}): give --config FILE or set POSTERN_CONFIG.`,
    ]);
  }
  const document = parseDocument(source);
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${path}: ${error.message.split('\n')[0]}`));
  }
  const directory = dirname(path);
  const tree = resolveReferences(document.toJS() ?? {}, directory, process.env);
  const result = configFile.safeParse(tree.value, { reportInput: true });
  const problems = [...tree.problems, ...(result.success ? [] : result.error.issues.flatMap(sentence))];
  if (result.success) problems.push(...clearSecrets(result.data, tree.blanked));
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return toConfig(result.data, directory);
};
