/**
 * Idempotency-Key on what creates: whoever lost the answer asks again and gets the same one, with the same secrets.
 * Answers are kept in the memory of this instance alone, because they hold secrets. Only success is kept: after a
 * refusal nothing was created and the request may simply be tried again.
 */

import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, KeptAnswers, type KeptRequest } from './kept-answers.ts';
import { Problem } from './problem.ts';
import { type ConsoleApp, identityOf } from './request.ts';

const keptHeaders = ['content-type', 'content-disposition', 'etag'] as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** This request's own; null: its answer is not kept. */
    kept: { readonly entry: KeptRequest; readonly forget: () => void } | null;
  }
}

/** Keys are somebody's own: nobody can ask for another's answer. */
const ownerOf = (request: FastifyRequest): string =>
  `${identityOf(request).role} ${request.account?.id ?? ''}`;

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

const checkSame = (entry: KeptRequest, fingerprint: string): Answer => {
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

/** After the hooks that say who asks; works on routes with `config.creates`. */
export const addIdempotency = (app: ConsoleApp, now: () => number): void => {
  const answers = new KeptAnswers(now);
  app.decorateRequest('kept', null);
  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (request.routeOptions.config.creates !== true || typeof key !== 'string') return;
    const owner = ownerOf(request);
    const fingerprint = fingerprintOf(request);
    const known = answers.find(owner, key);
    if (known !== undefined) {
      const { status, headers, payload } = checkSame(known, fingerprint);
      reply.code(status).headers(headers).header('idempotency-replayed', 'true');
      return reply.send(payload);
    }
    const entry = answers.begin(owner, key, fingerprint);
    request.kept = { entry, forget: () => answers.forget(owner, key) };
  });
  app.addHook('onSend', async ({ kept }, reply, payload) => {
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (kept === null) return;
    if (reply.statusCode < 300 && isWhole) kept.entry.answer = answerOf(reply, payload);
    else kept.forget();
  });
};
