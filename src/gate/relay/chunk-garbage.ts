/**
 * What TLS streams hand out is a buffer of its own for each record. V8 learns of them as memory outside its heap, and
 * after some megabytes begins to mark the whole heap, though a collection of young objects, a hundred times cheaper,
 * would have freed them. So that one is asked for in time (decision 18).
 */

import { collectYoungGarbage } from '../../garbage.ts';

/** Well below the 8 MB of growth at which V8 may begin to mark; one collection takes half a millisecond. */
const collectAfterBytes = 4 << 20;

let bytesSinceCollection = 0;

/** @param bytes of a chunk that nobody will need in a moment */
export const noteGarbage = (bytes: number): void => {
  bytesSinceCollection += bytes;
  if (bytesSinceCollection < collectAfterBytes) return;
  bytesSinceCollection = 0;
  collectYoungGarbage();
};
