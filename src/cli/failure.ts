/**
 * Whatever ended a command, as exit code and sentences: 1 refused or failed, 2 wrong usage, 78 bad configuration.
 * People get sentences, never a stack.
 */

import { CommanderError } from 'commander';
import { ConfigError, messageOf } from '../errors.ts';
import { printableJson } from '../printable.ts';

export interface CommandFailure {
  readonly exitCode: number;
  /** None: everything has been said. */
  readonly sentences: readonly string[];
}

const failed = 1;
const wrongUsage = 2;
/** EX_CONFIG of sysexits.h. */
const badConfiguration = 78;

const usageFailure = (error: CommanderError): CommandFailure => {
  // `--help` and `--version`.
  if (error.exitCode === 0) return { exitCode: 0, sentences: [] };
  // A noun without its verb: the help has been printed.
  if (error.code === 'commander.help') return { exitCode: wrongUsage, sentences: [] };
  return { exitCode: wrongUsage, sentences: [messageOf(error).replace(/^error: /, '')] };
};

/** @param error what a command threw */
export const failureFrom = (error: unknown): CommandFailure => {
  if (error instanceof CommanderError) return usageFailure(error);
  if (error instanceof ConfigError) return { exitCode: badConfiguration, sentences: error.problems };
  return { exitCode: failed, sentences: [messageOf(error)] };
};

/** What goes to standard error. */
export const formatFailure = ({ sentences }: CommandFailure, json: boolean): string => {
  if (sentences.length === 0) return '';
  if (json) return `${printableJson(JSON.stringify({ error: sentences.join('\n') }))}\n`;
  return sentences.map((sentence) => `postern: ${sentence}\n`).join('');
};
