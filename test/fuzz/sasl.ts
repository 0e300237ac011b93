/** SASLInitialResponses, right and spoiled, and edits for the proof that follows. */

import { message } from '../support/raw-messages.ts';
import type { Random } from './random.ts';
import type { Edit } from './script.ts';

const plus = 'SCRAM-SHA-256-PLUS';
const plain = 'SCRAM-SHA-256';

/** @param dataLength what the message says of it, where that is not the truth */
export const initialResponse = (mechanism: string, data: Buffer, dataLength = data.length): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(dataLength);
  return message('p', Buffer.concat([Buffer.from(`${mechanism}\0`, 'latin1'), length, data]));
};

const bindings: readonly (readonly [number, readonly [string, string]])[] = [
  [40, [plus, 'p=tls-server-end-point']],
  [40, [plain, 'n']],
  [3, [plain, 'y']],
  [3, [plus, 'y']],
  [3, [plus, 'n']],
  [3, [plain, 'p=tls-server-end-point']],
  [3, [plus, 'p=tls-unique']],
  [2, [plus, 'p=']],
  [2, [plain, 'x']],
  [2, [plain, '']],
  [2, ['SCRAM-SHA-1', 'n']],
  [2, ['', 'n']],
  [2, ['scram-sha-256', 'n']],
];

const nonces = [
  'fyko+d2lbbFgONRv9qkxdawL',
  'x',
  '',
  ' ',
  'a=b',
  '\x7f',
  '\xc3\xa9',
  'n'.repeat(600),
  'n'.repeat(900),
];

/** A client-first-message that is right more often than not. */
const anyClientFirst = (random: Random, flag: string): string => {
  const authzid = random.weighted([
    [94, ''],
    [2, 'a=fuzz'],
    [2, 'a='],
    [2, 'fuzz'],
  ]);
  const user = random.weighted([
    [90, 'n='],
    [2, 'n=fuzz'],
    [2, 'n==2C'],
    [2, 'm=x,n='],
    [2, 'u='],
    [2, ''],
  ]);
  const nonce = random.chance(85) ? (nonces[0] as string) : random.pick(nonces);
  const more = random.weighted([
    [92, ''],
    [2, ',x=1'],
    [2, ','],
    [2, ',r=2'],
    [2, ',x'],
  ]);
  return `${flag},${authzid},${user},r=${nonce}${more}`;
};

export const anyInitialResponse = (random: Random): Buffer => {
  const [mechanism, flag] = random.weighted(bindings);
  const data = Buffer.from(anyClientFirst(random, flag), 'latin1');
  const dataLength = random.weighted([
    [94, data.length],
    [2, -1],
    [2, 0],
    [1, data.length + 1],
    [1, data.length - 1],
  ]);
  return initialResponse(mechanism, data, dataLength);
};

const insertions = [',', '=', 'A', ' ', '\n', '\0', '\xff', 'x=1,', ',x=1', 'p=', '===='];

/** `c=…,r=…,p=…` has some 100 bytes, and some 150 with channel binding. */
export const anyEdits = (random: Random): Edit[] =>
  Array.from(
    {
      length: random.weighted([
        [30, 0],
        [50, 1],
        [20, 2],
      ]),
    },
    () => ({
      at: random.chance(50) ? random.below(160) : random.pick([0, 1, 2, 6, 7, 8]),
      remove: random.weighted([
        [40, 1],
        [40, 0],
        [10, 4],
        [10, 160],
      ]),
      insert: random.weighted<() => Buffer>([
        [40, () => Buffer.from(random.pick(insertions), 'latin1')],
        [30, () => Buffer.of(0x41 + random.below(26))],
        [25, () => Buffer.alloc(0)],
        [5, () => Buffer.alloc(1_000, 'B')],
      ])(),
    }),
  );
