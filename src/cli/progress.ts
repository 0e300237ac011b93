/**
 * How far a command has got, on standard error: a bar that moves where a person watches, else a line for every tenth, so
 * that a log does not fill up.
 */

import cliProgress from 'cli-progress';
import type { OnProgress } from '../control/progress.ts';

const tenthOf = (done: number, total: number): number => Math.floor((done * 10) / total);

export const progressLines =
  (what: string, write: (text: string) => void): OnProgress =>
  (done, total) => {
    if (tenthOf(done, total) > tenthOf(done - 1, total)) write(`${what}: ${done} of ${total}\n`);
  };

/** The bar is gone from the screen's last line, whatever `work` ends with, before anything else is written. */
export const withProgressBar = async <T>(
  what: string,
  screen: NodeJS.WritableStream,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> => {
  const bar = new cliProgress.SingleBar(
    // Its own handling of signals would keep Ctrl-C from ending the command, which may be ended at any point.
    {
      stream: screen,
      format: `${what} [{bar}] {value} of {total}, {eta_formatted} left`,
      gracefulExit: false,
    },
    cliProgress.Presets.legacy,
  );
  let started = false;
  try {
    return await work((done, total) => {
      if (started) bar.update(done);
      else bar.start(total, done);
      started = true;
    });
  } finally {
    if (started) bar.stop();
  }
};
