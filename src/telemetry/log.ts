/**
 * The log: one JSON object per line on standard output, by pino. Never holds a secret, nor what steers a terminal: much
 * in it was written by strangers.
 */

import { writeSync } from 'node:fs';
import pino, { type LoggerOptions } from 'pino';
import type { LogLevel } from '../failures.ts';
import { printableJson } from '../printable.ts';

/** What the rest of the program needs of a logger. */
export type Log = Record<LogLevel, (fields: object, message: string) => void>;

export interface AdjustableLog extends Log {
  /** File descriptor that it writes to, for processes that share it. */
  readonly destination: number;
  /** Written whatever the level: for what must not get lost. @throws when it could not be written */
  record(fields: object, message: string): void;
  /** Lines below this level are not written any more. */
  setLevel(level: LogLevel): void;
}

/** Of lines that the disk does not take; more are lost, before they take the memory. */
const keptBytes = 1_000_000;

/**
 * @param destination a file descriptor; tests give another
 * @param fields what every line says
 */
export const createLog = (
  level: LogLevel,
  destination = 1,
  fields: Readonly<Record<string, unknown>> | null = null,
): AdjustableLog => {
  const options: LoggerOptions = {
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
  };
  // Synchronous: the last lines before an exit are the ones that are needed.
  const lossy = pino
    .destination({ dest: destination, sync: true, maxLength: keptBytes })
    .on('error', () => undefined);
  const logger = pino({ ...options, level }, { write: (line) => lossy.write(printableJson(line)) });
  const recorder = pino(
    { ...options, level: 'info' },
    { write: (line) => writeWhole(destination, printableJson(line)) },
  );
  return {
    destination,
    record: (fields, message) => recorder.info(fields, message),
    debug: (fields, message) => unlessLost(() => logger.debug(fields, message)),
    info: (fields, message) => unlessLost(() => logger.info(fields, message)),
    warn: (fields, message) => unlessLost(() => logger.warn(fields, message)),
    error: (fields, message) => unlessLost(() => logger.error(fields, message)),
    setLevel: (next) => {
      logger.level = next;
    },
  };
};

/** Keeps nothing to itself: pino drops in silence what a pipe without a reader does not take. */
const writeWhole = (descriptor: number, line: string): void => {
  const bytes = Buffer.from(line);
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
};

/** A full disk costs lines of the log, never a session. */
const unlessLost = (write: () => void): void => {
  try {
    write();
  } catch {
    return;
  }
};

/** An error as log lines show it: what it says and what caused it, never the values it was made with. */
const describeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
};
