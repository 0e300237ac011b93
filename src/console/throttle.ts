/**
 * Slows down guessing of keys and tokens: failures are counted by address and, where one is named, account together,
 * because whole offices share one address. Those who succeed are not counted.
 */

import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';
import type { ConsoleApp } from './request.ts';

const windowMs = 60_000;
const failuresPerAccount = 10;
const failuresPerAddress = 50;

export interface SignInThrottle {
  /** @throws Problem `rate-limited` while there were too many failures */
  check(request: FastifyRequest, account: string | null): Promise<void>;
  failed(request: FastifyRequest, account: string | null): Promise<void>;
}

export const tooMany = (seconds: number): Problem =>
  new Problem('rate-limited', `Too many requests: try again in ${seconds} seconds.`, {
    headers: { 'retry-after': String(seconds) },
  });

/** @param app with the rate-limit plugin */
export const createSignInThrottle = (app: ConsoleApp): SignInThrottle => {
  const named = new WeakMap<FastifyRequest, string>();
  const perAddress = app.createRateLimit({ max: failuresPerAddress, timeWindow: windowMs });
  const perAccount = app.createRateLimit({
    max: failuresPerAccount,
    timeWindow: windowMs,
    keyGenerator: (request) => `${request.ip} ${named.get(request) ?? ''}`,
  });
  const limitersFor = (request: FastifyRequest, account: string | null) => {
    if (account === null) return [perAddress];
    named.set(request, account);
    return [perAddress, perAccount];
  };
  return {
    check: async (request, account) => {
      for (const limiter of limitersFor(request, account)) {
        const state = await limiter(request, { increment: false });
        if (!state.isAllowed && state.remaining <= 0) throw tooMany(Math.max(1, state.ttlInSeconds));
      }
    },
    failed: async (request, account) => {
      for (const limiter of limitersFor(request, account)) await limiter(request);
    },
  };
};
