/**
 * Limits on how often. Guessing keys and tokens is counted by address and, where one is named, account together,
 * because whole offices share one address; an attempt counts from its beginning, so that many at once gain nothing, and
 * is taken back when it succeeds. What costs much is limited per account.
 */

import { isIPv6 } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
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

/** Whoever has one IPv6 address has all of its /64. */
const networkOf = (address: string): string => {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0')].slice(0, 4).join(':');
};

interface Count {
  readonly sinceMs: number;
  failures: number;
}

export class SignInThrottle {
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws Problem `rate-limited` while there were too many failures */
  check(address: string, account: string | null = null): void {
    for (const [place, limit] of this.#placesOf(address, account)) {
      const { failures, sinceMs } = this.#countAt(place);
      if (failures >= limit) throw tooMany(Math.max(1, Math.ceil((sinceMs + windowMs - this.#now()) / 1000)));
    }
  }

  failed(address: string, account: string | null = null): void {
    this.#add(address, account, 1);
  }

  /**
   * Counts an attempt as failed until the returned function says that it succeeded.
   * @throws Problem `rate-limited`
   */
  begin(address: string, account: string): () => void {
    this.check(address, account);
    this.#add(address, account, 1);
    return () => this.#add(address, account, -1);
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

  #add(address: string, account: string | null, amount: number): void {
    for (const [place] of this.#placesOf(address, account)) {
      const count = this.#countAt(place);
      count.failures = Math.max(0, count.failures + amount);
      // Deleted first, so that the map's order is that of the last failures.
      this.#counts.delete(place);
      if (count.failures > 0) this.#counts.set(place, count);
    }
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= placesAtMost) return;
      this.#counts.delete(oldest);
    }
  }
}

/** Every request counts, and first of all: also those of who is not signed in. */
export const addRequestLimit = async (app: ConsoleApp): Promise<void> => {
  await app.register(rateLimit, {
    global: false,
    timeWindow: windowMs,
    errorResponseBuilder: (_, { ttl }) => tooMany(Math.ceil(ttl / 1000)),
  });
  const count = app.createRateLimit({ max: requestsPerAddress });
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
