/** What a command sees of the process around it; `main.ts` fills it in, nothing else in `cli/` touches `process`. */

import type { Channel } from '../fleet/ipc.ts';

/** Why a command that runs for long is to end: it is told to, or its successor has taken over. */
export type StopCause = 'stop' | 'replaced';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard error where a person watches it, for what moves; null: it goes to a file or another program. */
  readonly screen: NodeJS.WritableStream | null;
  /**
   * Resolves with the first SIGINT, SIGTERM, SIGHUP or SIGUSR2 (`replaced`) from now on, which then no longer ends the
   * process; the second one ends it at once. With `onHangup`, SIGHUP calls that instead, and nothing once the promise
   * has resolved.
   */
  readonly untilSignal: (onHangup?: () => void) => Promise<StopCause>;
  /** Whether that is a running `postern serve` of the same user. */
  readonly serves: (pid: number) => boolean;
  /** Tells it that it has been replaced. */
  readonly tellReplaced: (pid: number) => void;
  /**
   * The channel to the process that started this one as its worker, which alone decides from now on when this one ends:
   * signals that a terminal or a service manager sends to all are ignored. null: nobody did.
   */
  readonly parent: () => Channel | null;
}
