/** Every work, in the order of the report. */

import type { Work } from '../work.ts';
import { copyWork } from './copy.ts';
import { largeResultWork } from './large-results.ts';
import { latencyWork } from './latency.ts';
import { memoryWork } from './memory.ts';
import { pointQueryWork } from './point-queries.ts';
import { policyWork } from './policy.ts';
import { readWriteWork } from './read-write.ts';
import { sessionWork } from './sessions.ts';
import { workerWork } from './workers.ts';

export const works: readonly Work[] = [
  pointQueryWork,
  latencyWork,
  readWriteWork,
  sessionWork,
  workerWork,
  copyWork,
  largeResultWork,
  memoryWork,
  policyWork,
];
