/**
 * Case number so and so of a seed, for two servers at once: what it does depends on nothing but these two. Most are in
 * plain text, because there a connection costs a tenth of what it costs in TLS.
 */

import { user } from './arena.ts';
import { cut, mutated } from './mutate.ts';
import { anyCancel, anyStartup, anyStranger, gssRequest, sslRequest, startup } from './packets.ts';
import { Random } from './random.ts';
import { anyEdits, anyInitialResponse } from './sasl.ts';
import type { Script, Step } from './script.ts';

const send = (...pieces: readonly Buffer[]): Step[] => pieces.map((bytes) => ({ kind: 'send', bytes }));
const wait: Step = { kind: 'wait' };

const anyPacket = (random: Random): Buffer =>
  random.weighted<() => Buffer>([
    [45, () => anyStartup(random, user)],
    [15, () => sslRequest],
    [15, () => gssRequest],
    [12, () => anyCancel(random)],
    [13, () => anyStranger(random)],
  ])();

/** One to three packets, spoiled, cut and merged; the client never waits, because a spoiled packet may have no answer. */
const atOnce = (random: Random): Step[] => {
  const packets = Array.from(
    {
      length: random.weighted([
        [80, 1],
        [15, 2],
        [5, 3],
      ]),
    },
    () => {
      const bytes = anyPacket(random);
      return random.chance(60) ? mutated(random, bytes) : bytes;
    },
  );
  return send(
    ...(random.chance(50) ? [Buffer.concat(packets)] : packets).flatMap((bytes) => cut(random, bytes)),
  );
};

/** Requests as they should be, one or more of them in whatever order, and then anything. */
const afterRequests = (random: Random): Step[] => [
  ...Array.from({ length: 1 + random.below(2) }, () => [
    ...send(...cut(random, random.chance(50) ? gssRequest : sslRequest)),
    wait,
  ]).flat(),
  ...atOnce(random),
];

/** From the first byte to the end of the handshake. */
const encryption = (random: Random): Step[] => {
  const certificate = random.weighted([
    [94, 'own'],
    [3, 'foreign'],
    [3, 'none'],
  ] as const);
  if (random.chance(40)) {
    const alpn = random.weighted([
      [94, 'postgresql'],
      [3, null],
      [3, 'http/1.1'],
    ] as const);
    return [{ kind: 'tls', certificate, alpn }];
  }
  const alpn = random.weighted([
    [70, 'postgresql'],
    [27, null],
    [3, 'http/1.1'],
  ] as const);
  const gss = random.chance(25) ? [...send(gssRequest), wait] : [];
  return [...gss, ...send(...cut(random, sslRequest)), wait, { kind: 'tls', certificate, alpn }];
};

const rightStartup = (random: Random): Buffer =>
  startup(random.pick([0x0003_0000, 0x0003_0000, 0x0003_0002, 0x0003_270f]), [
    ['user', user],
    ['database', user],
    ...random.weighted<[string, string][]>([
      [70, []],
      [10, [['application_name', 'fuzz']]],
      [10, [['_pq_.test', '1']]],
      [10, [['client_encoding', 'UTF8']]],
    ]),
  ]);

const scram = (random: Random): Step[] => {
  const first = anyInitialResponse(random);
  const asked = [...send(...cut(random, rightStartup(random))), wait];
  // Spoiled in its frame it may have no answer either.
  if (random.chance(15)) return [...asked, ...send(mutated(random, first))];
  return [...asked, ...send(first), wait, { kind: 'prove', edits: anyEdits(random) }, wait];
};

export const generate = (seed: number, index: number): Script => {
  const random = new Random(seed, index);
  const steps = random.weighted<() => Step[]>([
    [72, () => atOnce(random)],
    [22, () => afterRequests(random)],
    [4, () => [...encryption(random), ...atOnce(random)]],
    [2, () => [...encryption(random), ...scram(random)]],
  ])();
  return { from: 'client', steps };
};
