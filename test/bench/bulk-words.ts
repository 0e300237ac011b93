/** How works tell what moving much at once took; their units are gigabytes. */

import type { Sample } from './measure.ts';

export const bytesPerGigabyte = 1e9;

export const bulkWords = {
  first: { column: 'seconds', quantity: ({ seconds }: Sample) => seconds },
  unit: 'GB',
  time: 's',
} as const;
