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

/** Looks at so many at most: each costs connections. */
const patience = 400;

/** @param differs resolves with how the servers answer to it, if they still differ without explanation */
export const smallest = async (
  found: Comparison,
  differs: (script: Script) => Promise<Comparison | undefined>,
): Promise<Comparison> => {
  let best = found;
  let left = patience;
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    for (const candidate of smaller(best.script)) {
      if (left === 0) return best;
      left -= 1;
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
