/**
 * What every command works with: the configuration it was told to use, and one way to answer that is right for
 * people and, with `--json`, for programs. With `--json` nothing but the answer is on standard output and nothing but
 * an error on standard error.
 */

import type { Config } from '../config/config.ts';
import { configPath, loadConfig } from '../config/load.ts';
import type { OnProgress } from '../control/progress.ts';
import { printableJson } from '../printable.ts';
import { progressLines, withProgressBar } from './progress.ts';
import { type Columns, formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface Shell {
  readonly terminal: Terminal;
  /** Absolute. */
  readonly configFile: () => string;
  /** @throws ConfigError with every problem */
  readonly loadConfig: () => Config;
  /** Rows are shown whole with `--json`, else by `columns`; `whenEmpty` is a sentence. */
  readonly list: <Row extends object>(rows: readonly Row[], columns: Columns<Row>, whenEmpty: string) => void;
  /** One result: `value` with `--json`, else `text`. */
  readonly answer: (value: object, text: string) => void;
  /** Beside the answer, for people only. */
  readonly note: (text: string) => void;
  /** Runs `work` and shows people how far it has got. @param what such as "role passwords" */
  readonly withProgress: <T>(what: string, work: (onProgress: OnProgress) => Promise<T>) => Promise<T>;
}

export interface ShellOptions {
  readonly config?: string;
  readonly json?: true;
}

const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

/** @param options asked for each time, because they are known only once the command line has been parsed */
export const createShell = (terminal: Terminal, options: () => ShellOptions): Shell => {
  const json = (): boolean => options().json === true;
  const outJson = (value: object): void => terminal.out(`${printableJson(JSON.stringify(value, null, 2))}\n`);
  const configFile = (): string => configPath(options().config);
  return {
    terminal,
    configFile,
    loadConfig: () => loadConfig(configFile()),
    list: (rows, columns, whenEmpty) => {
      if (json()) outJson(rows);
      else terminal.out(rows.length === 0 ? line(whenEmpty) : formatTable(rows, columns));
    },
    answer: (value, text) => {
      if (json()) outJson(value);
      else terminal.out(line(text));
    },
    note: (text) => {
      if (!json()) terminal.err(line(text));
    },
    withProgress: (what, work) => {
      if (json()) return work(() => undefined);
      return terminal.screen === null
        ? work(progressLines(what, terminal.err))
        : withProgressBar(what, terminal.screen, work);
    },
  };
};
