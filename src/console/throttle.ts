/**
 * Limits on how often. Wrong keys and tokens are counted by address and, where one is named, account together, because
 * whole offices share one address. A right one is never refused for the wrong ones of others: its 160 bits are not
 * guessed, and judging a guess costs one look-up of its digest. What costs much is limited per account.
 */

import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { networkOf } from '../policy/network.ts';
import { Problem } from './problem.ts';
import type { ConsoleApp } from './request.ts';

const windowMs = 60_000;
const requestsPerAddress = 1_200;
const failuresPerAccount = 10;
const failuresPerAddress = 50;
const placesAtMost = 50_000;

const tooMany = (seconds: number): Problem =>
  new Problem('rate-limited', `Too many requests: try again in ${seconds} seconds.`, {
    headers: { 'retry-after': String(seconds) },
  });

interface Count {
  readonly sinceMs: number;
  readonly failures: number;
}

export class SignInThrottle {
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts a wrong key or token.
   * @throws Problem `rate-limited` when there were too many already: whoever guesses does not even learn that it is wrong
   */
  refuse(address: string, account: string | null = null): void {
    const places = this.#placesOf(address, account);
    for (const [place, limit] of places) {
      const { failures, sinceMs } = this.#countAt(place);
      if (failures >= limit) throw tooMany(Math.max(1, Math.ceil((sinceMs + windowMs - this.#now()) / 1000)));
    }
    for (const [place] of places) this.#count(place);
  }

  #placesOf(address: string, account: string | null): readonly (readonly [string, number])[] {
    const network = networkOf(address);
    const places: (readonly [string, number])[] = [[network, failuresPerAddress]];
    if (account !== null) places.push([`${network} ${account}`, failuresPerAccount]);
    return places;
  }

  #countAt(place: string): Count {
    const known = this.#counts.get(place);
    const nowMs = this.#now();
    return known !== undefined && known.sinceMs > nowMs - windowMs ? known : { sinceMs: nowMs, failures: 0 };
  }

  #count(place: string): void {
    const { sinceMs, failures } = this.#countAt(place);
    // Deleted first, so that the map's order is that of the last failures.
    this.#counts.delete(place);
    this.#counts.set(place, { sinceMs, failures: failures + 1 });
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= placesAtMost) return;
      this.#counts.delete(oldest);
    }
  }
}

/** Every request counts, and first of all: also those of who is not signed in. It bounds what guessing may cost. */
export const addRequestLimit = async (app: ConsoleApp): Promise<void> => {
  await app.register(rateLimit, {
    global: false,
    timeWindow: windowMs,
    errorResponseBuilder: (_, { ttl }) => tooMany(Math.ceil(ttl / 1000)),
  });
  const count = app.createRateLimit({
    max: requestsPerAddress,
    keyGenerator: ({ ip }: FastifyRequest) => networkOf(ip),
  });
  app.addHook('onRequest', async (request) => {
    const state = await count(request);
    if (!state.isAllowed && state.isExceeded) throw tooMany(state.ttlInSeconds);
  });
};

/** For `config.rateLimit` of routes that cost much; counted after whoever asks is known. @param max per minute */
export const perAccount = (max: number) =>
  ({
    max,
    timeWindow: windowMs,
    hook: 'preHandler',
    keyGenerator: ({ account, ip }: FastifyRequest) => account?.id ?? ip,
  }) as const;
