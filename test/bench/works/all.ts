/** Every work, in the order of the report. */

import type { Work } from '../work.ts';

export const works: readonly Work[] = [];
