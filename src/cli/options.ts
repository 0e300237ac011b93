/**
 * Values of options, checked while the command line is parsed: what is wrong with them is wrong usage (exit code 2)
 * and nothing has been touched yet.
 */

import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../config/scalars.ts';
import { RequestError } from '../errors.ts';

export const dryRunOption = ['--dry-run', 'tell what would be done, and change nothing'] as const;

/** For options that may be given more than once. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** A whole number from 1 on. */
export const parseCount = (text: string): number => {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  }
  return count;
};

const durationMs = (text: string): number => {
  try {
    return parseDurationMs(text);
  } catch (error) {
    if (error instanceof RequestError) throw new InvalidArgumentError(error.message);
    throw error;
  }
};

/** A duration from now, as the moment at which it is over. */
export const parseExpiry = (text: string): Date => new Date(Date.now() + durationMs(text));

/** A duration until now, as the moment at which it began. */
export const parseAge = (text: string): Date => new Date(Date.now() - durationMs(text));
