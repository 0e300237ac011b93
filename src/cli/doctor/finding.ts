/** What `postern doctor` says about one thing: what was looked at, how it is, what was seen, what to do. Pure. */

import { RequestError } from '../../errors.ts';
import { formatCell } from '../table.ts';

export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly seen: string;
  /** null: there is nothing to do, or what was seen says it. */
  readonly advice: string | null;
}

export const ok = (check: string, seen: string): Finding => ({ check, outcome: 'ok', seen, advice: null });

export const warning = (check: string, seen: string, advice: string | null): Finding => ({
  check,
  outcome: 'warning',
  seen,
  advice,
});

export const failed = (check: string, seen: string, advice: string | null): Finding => ({
  check,
  outcome: 'failed',
  seen,
  advice,
});

/** Nothing that comes after can be looked at. */
export class Stuck extends Error {
  override readonly name = 'Stuck';

  readonly finding: Finding;

  constructor(check: string, seen: string, advice: string | null) {
    super(seen);
    this.finding = failed(check, seen, advice);
  }
}

/** What `look` finds, or the sentence with which it failed. */
export const guarded = async (
  check: string,
  advice: string | null,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Stuck) return [error.finding];
    if (error instanceof RequestError) return [failed(check, error.message, advice)];
    throw error;
  }
};

/** One line each. Servers and files wrote some of it: nothing of it may steer a terminal. */
export const formatFindings = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, outcome, seen, advice }) => {
      const words = `${check}: ${seen}${advice === null ? '' : ` ${advice}`}`;
      return `${outcome.padEnd('warning'.length)}  ${formatCell(words.replaceAll('\n', ' '))}\n`;
    })
    .join('');
