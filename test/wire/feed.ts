/**
 * Feeds bytes to what reads them in every way that a network may deliver them: whole, byte by byte, split at
 * every place, cut off at every place, with trailing bytes. Also the one rule for hostile input: a reader
 * answers or throws Refusal, nothing else.
 */

import { Refusal } from '../../src/errors.ts';
import type { FailureCode } from '../../src/failures.ts';

/** Bytes written as the protocol's documents do: text, numbers (one byte each) and hex strings by `hex`. */
export const bytes = (...parts: readonly (string | number | Buffer)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.of(part);
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    }),
  );

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** Whole, byte by byte, and in two pieces cut at every place. */
export function* everyCut(whole: Buffer): Generator<Buffer[]> {
  yield [whole];
  yield Array.from(whole, (_, index) => whole.subarray(index, index + 1));
  for (let at = 0; at <= whole.length; at++) yield [whole.subarray(0, at), whole.subarray(at)];
}

/** Every beginning that lacks at least one byte. */
export function* everyTruncation(whole: Buffer): Generator<Buffer> {
  for (let length = 0; length < whole.length; length++) yield whole.subarray(0, length);
}

/** Cut into pieces of these sizes, over and over. */
export const cutInto = (whole: Buffer, sizes: readonly number[]): Buffer[] => {
  const pieces: Buffer[] = [];
  let offset = 0;
  for (let turn = 0; offset < whole.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(whole.subarray(offset, offset + size));
    offset += size;
  }
  return pieces;
};

/** The code that `read` refuses with; null when it answers. Everything else that it throws is a bug. */
export const refusalOf = (read: () => unknown): FailureCode | null => {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};
