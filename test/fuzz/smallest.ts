/** Makes what still fails smaller, step by step and byte by byte, until nothing can be left out. */

import type { Comparison } from './rules.ts';
import type { Script, Step } from './script.ts';

/** A half, a quarter … of the bytes, or one, left out; one step left out; one edit left out. */
function* smallerSteps(step: Step): Generator<Step> {
  if (step.kind === 'prove') {
    for (const index of step.edits.keys()) yield { ...step, edits: step.edits.toSpliced(index, 1) };
  }
  if (step.kind !== 'send') return;
  for (let size = step.bytes.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= step.bytes.length; at += size) {
      const bytes = Buffer.concat([step.bytes.subarray(0, at), step.bytes.subarray(at + size)]);
      if (bytes.length > 0) yield { kind: 'send', bytes };
    }
  }
}

function* smaller({ from, steps }: Script): Generator<Script> {
  for (const index of steps.keys()) yield { from, steps: steps.toSpliced(index, 1) };
  for (const [index, step] of steps.entries()) {
    for (const less of smallerSteps(step)) yield { from, steps: steps.with(index, less) };
  }
}

/** Goes on for so long at most: each look costs connections, some of which last until the deadline of a login. */
const patienceMs = 15_000;

/** @param differs resolves with how the servers answer to it, if they still differ without explanation */
export const smallest = async (
  found: Comparison,
  differs: (script: Script) => Promise<Comparison | undefined>,
): Promise<Comparison> => {
  let best = found;
  const endsAt = performance.now() + patienceMs;
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    for (const candidate of smaller(best.script)) {
      if (performance.now() >= endsAt) return best;
      const still = await differs(candidate);
      // Otherwise one difference becomes another one on the way.
      if (still?.postern !== best.postern || still.postgres !== best.postgres) continue;
      best = still;
      isBetter = true;
      break;
    }
  }
  return best;
};
