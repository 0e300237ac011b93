/** What a command sees of the process around it; `main.ts` fills it in, nothing else in `cli/` touches `process`. */

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /**
   * Resolves with the first SIGINT, SIGTERM or SIGHUP from now on, which then no longer ends the process; the second one
   * ends it at once. With `onHangup`, SIGHUP calls that instead, and nothing once the promise has resolved.
   */
  readonly untilSignal: (onHangup?: () => void) => Promise<void>;
}
