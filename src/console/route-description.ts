/**
 * What the OpenAPI document says of every route beside its own schemas: its errors and who may come, derived from what
 * the route is, so that nothing is forgotten.
 */

import type { RouteOptions } from 'fastify';
import { z } from 'zod';
import { problem } from './schemas.ts';

const described: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'Not signed in',
  403: 'Sent by another site, or for operators only',
  404: 'No such thing, or not yours',
  409: 'The present state does not allow this',
  412: 'It was changed since you saw it',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'The request is not valid; `errors` lists everything',
  428: 'If-Match is missing',
  429: 'Too many requests; see Retry-After',
  500: 'Something went wrong here',
  503: 'A database did not answer',
};

const successes: Readonly<Record<string, string>> = { 200: 'Done', 201: 'Created', 202: 'Under way' };

const statusesOf = ({ method, schema, config }: RouteOptions): number[] => {
  const changes = method !== 'GET';
  const isPublic = config?.access === 'public';
  const statuses = [429, 500, 503];
  if (!isPublic || schema?.body) statuses.push(401);
  if (changes || config?.access === 'operator') statuses.push(403);
  if (config?.access === 'account' || schema?.params) statuses.push(404);
  if (changes && !isPublic) statuses.push(409);
  if (schema?.body) statuses.push(400, 413, 415);
  if (schema?.body || schema?.params || schema?.querystring) statuses.push(422);
  if (config?.revised) statuses.push(412);
  if (config?.revised === 'required') statuses.push(428);
  return statuses;
};

const describeSuccess = (response: object): object =>
  Object.fromEntries(
    Object.entries(response).map(([status, schema]: [string, object]) => {
      const description = successes[status];
      const isDescribed =
        description === undefined || schema instanceof z.ZodUndefined || 'content' in schema;
      return [status, isDescribed ? schema : { description, content: { 'application/json': { schema } } }];
    }),
  );

/** For the onRoute hook. */
export const describeRoute = (route: RouteOptions): void => {
  if (!route.schema || route.schema.hide) return;
  const { access } = route.config ?? {};
  const refusals = Object.fromEntries(
    statusesOf(route).map((status) => [
      status,
      { description: described[status] ?? '', content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
  const security = access === 'public' ? [] : [{ session: [] }, { bearer: [] }];
  Object.assign(route.schema, { security });
  route.schema.response = { ...refusals, ...describeSuccess(route.schema.response ?? {}) };
};
