/**
 * ETags (RFC 9110 §8.8.3): a hash over what people can change, so that equal rows have equal tags on every instance.
 * What changes by itself (last use) is left out: nobody's edit shall fail because of it.
 */

import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Expectation } from '../control/record.ts';
import { Problem } from './problem.ts';

const changesByItself = new Set(['lastUsedAt']);

/** A strong tag, in its quotes. @param row as the use cases give it */
export const etagOf = (row: object): string => {
  const entries = Object.entries(row)
    .filter(([name]) => !changesByItself.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `"${createHash('sha256').update(JSON.stringify(entries)).digest('base64url').slice(0, 22)}"`;
};

export const withEtag = <Row extends object>(row: Row): Row & { etag: string } => ({
  ...row,
  etag: etagOf(row),
});

const matches = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((each) => each.trim() === etag);

/** From If-Match; nothing is expected without it. */
export const expectationOf = ({ headers }: Pick<FastifyRequest, 'headers'>): Expectation<object> => {
  const header = headers['if-match'];
  return (current) => {
    if (header !== undefined && !matches(header, etagOf(current))) {
      throw new Problem('precondition-failed', 'It was changed since you saw it: look again, then decide.');
    }
  };
};

/** As `expectationOf`, for changes, which must say what they are based on. */
export const requiredExpectationOf = (request: Pick<FastifyRequest, 'headers'>): Expectation<object> => {
  if (request.headers['if-match'] === undefined) {
    throw new Problem('precondition-required', 'Send If-Match with the ETag of what you saw.');
  }
  return expectationOf(request);
};
