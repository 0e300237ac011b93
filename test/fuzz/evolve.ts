/** One more script, made of those that have reached something new: spoiled, shortened, lengthened, or crossed. */

import { message } from '../support/raw-messages.ts';
import { user } from './arena.ts';
import { cut, mutated } from './mutate.ts';
import { anyCancel, anyStartup, gssRequest, sslRequest } from './packets.ts';
import type { Random } from './random.ts';
import { anyEdits, anyInitialResponse } from './sasl.ts';
import type { Script, Step } from './script.ts';

const anyBytes = (random: Random): Buffer =>
  random.pick<() => Buffer>([
    () => anyStartup(random, user),
    () => anyCancel(random),
    () => anyInitialResponse(random),
    () => sslRequest,
    () => gssRequest,
    () => message(random.pick(['p', 'X', 'Q', 'S', 'd']), random.bytes(random.below(20))),
    () => random.bytes(1 + random.below(64)),
  ])();

const changedStep = (random: Random, step: Step): Step[] => {
  switch (step.kind) {
    case 'send':
      if (random.chance(10)) return cut(random, step.bytes).map((bytes) => ({ kind: 'send', bytes }));
      return [{ kind: 'send', bytes: random.chance(85) ? mutated(random, step.bytes) : anyBytes(random) }];
    case 'prove':
      return [{ kind: 'prove', edits: anyEdits(random) }];
    case 'tls':
      return [
        {
          kind: 'tls',
          certificate: random.weighted([
            [70, 'own'],
            [15, 'none'],
            [15, 'foreign'],
          ] as const),
          alpn: random.pick(['postgresql', 'postgresql', null, 'h2']),
        },
      ];
    case 'wait':
      return random.chance(50) ? [] : [step, step];
  }
};

/** Three of ten are of those that come through a balancer: their headers are a small part of the pool. */
const parentOf = (random: Random, pool: readonly Script[]): Script =>
  random.pick(random.chance(30) ? pool.filter(({ from }) => from === 'balancer') : pool);

const longest = 12;

/** @param pool has some from a client and some from a balancer */
export const evolve = (random: Random, pool: readonly Script[]): Script => {
  const { from, steps } = parentOf(random, pool);
  let changed = [...steps];
  for (let left = 1 + random.below(2); left > 0; left -= 1) {
    const at = random.below(changed.length + 1);
    const step = changed[at];
    if (step && random.chance(75)) changed.splice(at, 1, ...changedStep(random, step));
    else if (random.chance(30)) changed = [...changed.slice(0, at), ...random.pick(pool).steps.slice(at)];
    else if (random.chance(50)) changed.splice(at, 0, { kind: 'send', bytes: anyBytes(random) });
    else changed.splice(at, 1);
  }
  return {
    from: random.chance(3) ? random.pick(['client', 'balancer'] as const) : from,
    steps: changed.slice(0, longest),
  };
};
