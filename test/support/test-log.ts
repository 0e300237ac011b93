/** The log of a Postern under test: a file as in real life, read back line by line. */

import { closeSync, openSync, readFileSync } from 'node:fs';
import type { LogLevel } from '../../src/failures.ts';
import { type AdjustableLog, createLog } from '../../src/telemetry/log.ts';

export interface TestLog {
  readonly log: AdjustableLog;
  /** Everything that was logged so far. */
  lines(): Record<string, unknown>[];
  close(): void;
}

export const openTestLog = (path: string, level: LogLevel): TestLog => {
  const descriptor = openSync(path, 'w');
  return {
    log: createLog(level, descriptor),
    lines: () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    close: () => closeSync(descriptor),
  };
};
