/**
 * Idempotency-Key on what creates: whoever lost the answer asks again and gets the same one, with the same secrets.
 * Answers are kept in the memory of this instance alone, for ten minutes and not too many, because they hold secrets.
 * Only success is kept: after a refusal nothing was created and the request may simply be tried again.
 */

import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';
import { type ConsoleApp, identityOf } from './request.ts';

const keptMs = 10 * 60_000;
const keptAtMost = 1_000;
const keptHeaders = ['content-type', 'content-disposition', 'etag'] as const;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | Buffer;
}

interface Entry {
  /** Of everything that the answer depends on. */
  readonly fingerprint: string;
  readonly startedAtMs: number;
  /** null: still running. */
  answer: Answer | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The place of this request's answer; null: it is not kept. */
    keptUnder: string | null;
  }
}

/** Keys are somebody's own: nobody can ask for another's answer. */
const placeOf = (request: FastifyRequest, key: string): string => {
  const identity = identityOf(request);
  return `${identity.role} ${request.account?.id ?? ''} ${key}`;
};

const fingerprintOf = ({ method, url, headers: { accept = '' }, body }: FastifyRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([method, url, accept, body]))
    .digest('hex');

const answerOf = (reply: FastifyReply, payload: string | Buffer): Answer => {
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  return { status: reply.statusCode, headers, payload };
};

const checkSame = (entry: Entry, fingerprint: string): Answer => {
  if (entry.fingerprint !== fingerprint) {
    throw new Problem(
      'idempotency-mismatch',
      'This Idempotency-Key was used for another request: choose a new one.',
    );
  }
  if (entry.answer === null) {
    throw new Problem(
      'still-running',
      'Wait for the answer to the first request, or ask again in a moment.',
      {
        headers: { 'retry-after': '1' },
      },
    );
  }
  return entry.answer;
};

const forgetOld = (entries: Map<string, Entry>, nowMs: number): void => {
  // The map's order is that of their beginnings.
  for (const [place, { startedAtMs }] of entries) {
    if (startedAtMs > nowMs - keptMs && entries.size < keptAtMost) return;
    entries.delete(place);
  }
};

/** After the hooks that say who asks; works on routes with `config.creates`. */
export const addIdempotency = (app: ConsoleApp, now: () => number): void => {
  const entries = new Map<string, Entry>();
  app.decorateRequest('keptUnder', null);
  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (request.routeOptions.config.creates !== true || typeof key !== 'string') return;
    const place = placeOf(request, key);
    const fingerprint = fingerprintOf(request);
    forgetOld(entries, now());
    const known = entries.get(place);
    if (known !== undefined) {
      const { status, headers, payload } = checkSame(known, fingerprint);
      reply.code(status).headers(headers).header('idempotency-replayed', 'true');
      return reply.send(payload);
    }
    entries.set(place, { fingerprint, startedAtMs: now(), answer: null });
    request.keptUnder = place;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const entry = request.keptUnder === null ? undefined : entries.get(request.keptUnder);
    if (request.keptUnder === null || entry === undefined) return;
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (reply.statusCode < 300 && isWhole) entry.answer = answerOf(reply, payload);
    else entries.delete(request.keptUnder);
  });
};
