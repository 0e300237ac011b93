/** Asking V8 to collect garbage at a moment that is known to be a good one; it chooses every other moment itself. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: {
  readonly type: 'minor' | 'major';
  readonly flavor?: 'last-resort';
}) => void;

/** Takes half a millisecond. */
export const collectYoungGarbage = (): void => collect({ type: 'minor' });

/** And gives the memory back. Everything stands still meanwhile: up to a second for hundreds of megabytes. */
export const collectAllGarbage = (): void => collect({ type: 'major', flavor: 'last-resort' });
