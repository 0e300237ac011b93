/**
 * What stands for a cancel key between instances: a keyed digest that only instances with the same sealing keys can
 * make, so that neither the store nor whoever listens to its channels learns a key that cancels (decision 11).
 */

import { createHmac, hkdfSync } from 'node:crypto';
import type { CancelKey } from '../gate/instance.ts';

export interface CancelDigests {
  /** By the first sealing key: what this instance sends. */
  readonly sent: (key: CancelKey) => string;
  /** By every sealing key: what it understands, so that they can be changed one instance after the other. */
  readonly understood: (key: CancelKey) => readonly string[];
}

const derivedBytes = 32;

/** RFC 5869; a key of its own, because the sealing key is for AES-GCM and nothing else. */
const derive = (sealingKey: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', sealingKey, Buffer.alloc(0), 'postern cancel digest v1', derivedBytes));

/** The process id has a fixed width: no two keys give the same bytes. */
const digestOf = (derived: Buffer, { processId, secret }: CancelKey): string => {
  const id = Buffer.alloc(4);
  id.writeInt32BE(processId);
  return createHmac('sha256', derived).update(id).update(secret).digest('base64url');
};

/** @param sealingKeys of 32 bytes each, at least one */
export const createCancelDigests = (sealingKeys: readonly Buffer[]): CancelDigests => {
  const derived = sealingKeys.map(derive);
  const [first] = derived;
  if (first === undefined) throw new Error('At least one sealing key is needed.');
  return {
    sent: (key) => digestOf(first, key),
    understood: (key) => derived.map((each) => digestOf(each, key)),
  };
};
