/**
 * One good request for every documented route, in an order in which they can follow each other: what destroys comes
 * last. `every-route.test.ts` fails for a route that is documented and not here.
 */

import type { Account } from '../../src/store/accounts.ts';
import type { Things } from './things.ts';

export interface Example {
  /** Below `/api/v1`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  /** The answer does not end by itself. */
  readonly stream?: true;
}

const anything = { 'if-match': '*' };

export const examplesFor = (
  things: Things,
  account: Account,
  masterKey: string,
): Readonly<Record<string, Example>> => ({
  'POST /sign-in': { path: '/sign-in', body: { account: account.name, key: masterKey }, status: 200 },
  'DELETE /sign-in': { path: '/sign-in', status: 204 },
  'GET /me': { path: '/me', status: 200 },
  'GET /my-address': { path: '/my-address', status: 200 },
  'GET /connection': { path: '/connection', status: 200 },
  'GET /address-rules': { path: '/address-rules', status: 200 },
  'GET /address-rules/{id}': { path: `/address-rules/${things.ruleId}`, status: 200 },
  'POST /address-rules': { path: '/address-rules', body: { cidr: '192.0.2.1' }, status: 201 },
  'PATCH /address-rules/{id}': {
    path: `/address-rules/${things.ruleId}`,
    body: { label: 'Changed' },
    headers: anything,
    status: 200,
  },
  'GET /certificates': { path: '/certificates', status: 200 },
  'GET /certificates/{id}': { path: `/certificates/${things.certificateId}`, status: 200 },
  'POST /certificates': { path: '/certificates', body: { name: 'Another' }, status: 201 },
  'GET /api-keys': { path: '/api-keys', status: 200 },
  'GET /api-keys/{id}': { path: `/api-keys/${things.keyId}`, status: 200 },
  'POST /api-keys': { path: '/api-keys', body: { name: 'Another' }, status: 201 },
  'PUT /api-keys/{id}/grants': {
    path: `/api-keys/${things.keyId}/grants`,
    body: { grants: ['select on all in gis'] },
    headers: anything,
    status: 200,
  },
  'GET /grantable': { path: '/grantable', status: 200 },
  'POST /explain': { path: '/explain', body: { address: '10.0.0.1' }, status: 200 },
  'GET /sessions': { path: '/sessions', status: 200 },
  'GET /attempts': { path: '/attempts', status: 200 },
  'GET /attempts/stream': { path: '/attempts/stream', status: 200, stream: true },
  'GET /audit': { path: '/audit', status: 200 },
  'GET /audit/verification': { path: '/audit/verification', status: 200 },
  'GET /instances': { path: '/instances', status: 200 },
  'GET /accounts': { path: '/accounts', status: 200 },
  'GET /accounts/{name}': { path: `/accounts/${account.name}`, status: 200 },
  'PATCH /accounts/{name}': {
    path: `/accounts/${account.name}`,
    body: { maxSessions: 7 },
    headers: anything,
    status: 200,
  },
  'POST /accounts': {
    path: '/accounts',
    body: {
      name: `${account.name}_c`,
      backend: account.backend,
      database: account.database,
      ownerRole: account.ownerRole,
    },
    status: 201,
  },
  'POST /api-keys/{id}/rotate': { path: `/api-keys/${things.keyId}/rotate`, status: 200 },
  'POST /certificates/{id}/revoke': { path: `/certificates/${things.certificateId}/revoke`, status: 200 },
  'POST /api-keys/{id}/revoke': { path: `/api-keys/${things.keyId}/revoke`, status: 200 },
  'DELETE /sessions/{id}': { path: `/sessions/${things.sessionId}`, status: 202 },
  'DELETE /address-rules/{id}': { path: `/address-rules/${things.ruleId}`, status: 204 },
  'DELETE /accounts/{name}': { path: `/accounts/${account.name}`, headers: anything, status: 204 },
});
