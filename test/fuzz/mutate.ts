/** Spoils bytes, and cuts them where a network might. */

import type { Random } from './random.ts';

/** What lengths and codes are compared with somewhere: limits, one less, one more, signs. */
const words = [
  0, 1, 3, 4, 5, 7, 8, 9, 255, 256, 257, 1024, 1028, 1029, 9_999, 10_000, 10_004, 10_005, 65_535, 0x3fff_ffff,
  0x7fff_ffff, -1, -4, -2_147_483_648, 0x0002_0000, 0x0003_0000, 0x0003_0001, 0x0003_0002, 0x0003_0003,
  0x0003_270f, 0x0004_0000, 80_877_102, 80_877_103, 80_877_104,
];
const values = [0, 1, 9, 10, 13, 0x16, 0x20, 0x2c, 0x3d, 0x70, 0x7f, 0x80, 0xc3, 0xe9, 0xff];

const spliced = (bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

const setWord = (bytes: Buffer, at: number, word: number): Buffer => {
  const changed = Buffer.from(bytes);
  if (at + 4 <= changed.length) changed.writeInt32BE(word | 0, at);
  return changed;
};

const mutations: readonly ((random: Random, bytes: Buffer) => Buffer)[] = [
  // One bit.
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    const at = random.below(changed.length);
    changed[at] = (changed[at] as number) ^ (1 << random.below(8));
    return changed;
  },
  // One byte: another one, one more, one less.
  (random, bytes) => spliced(bytes, random.below(bytes.length), 1, Buffer.of(random.pick(values))),
  (random, bytes) => spliced(bytes, random.below(bytes.length + 1), 0, Buffer.of(random.pick(values))),
  (random, bytes) => spliced(bytes, random.below(bytes.length), 1, Buffer.alloc(0)),
  // The end: cut off, gone on from.
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => Buffer.concat([bytes, random.bytes(1 + random.below(6))]),
  // A part of it, twice.
  (random, bytes) => {
    const from = random.below(bytes.length);
    const part = bytes.subarray(from, from + 1 + random.below(24));
    return spliced(bytes, random.below(bytes.length + 1), 0, part);
  },
  // A word, above all the first one, which is the length.
  (random, bytes) => setWord(bytes, random.chance(60) ? 0 : random.below(bytes.length), random.pick(words)),
  (random, bytes) =>
    bytes.length < 4 ? bytes : setWord(bytes, 0, bytes.readInt32BE(0) + random.below(17) - 8),
];

/** With one to three mutations. */
export const mutated = (random: Random, bytes: Buffer): Buffer => {
  let changed = bytes;
  for (let left = 1 + random.below(3); left > 0 && changed.length > 0; left -= 1) {
    changed = random.pick(mutations)(random, changed);
  }
  return changed;
};

/** In one to four pieces. */
export const cut = (random: Random, bytes: Buffer): Buffer[] => {
  const places = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1));
  const edges = [0, ...places.sort((left, right) => left - right), bytes.length];
  return edges.slice(1).flatMap((end, index) => {
    const piece = bytes.subarray(edges[index], end);
    return piece.length > 0 ? [piece] : [];
  });
};
