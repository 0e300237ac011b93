/**
 * Requests that change something and were made by another site's page (CSRF). Browsers say where a request comes from
 * (Fetch Metadata, or at least Origin); a session cookie counts only if they say "from here". Beside SameSite=Strict,
 * which knows sites, not origins.
 */

import type { FastifyRequest } from 'fastify';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** @param needsProof the browser adds the credentials by itself, so silence is no proof of innocence */
export const isFromOtherSite = (
  { method, headers, protocol, host }: Pick<FastifyRequest, 'method' | 'headers' | 'protocol' | 'host'>,
  needsProof: boolean,
): boolean => {
  if (safeMethods.has(method)) return false;
  const fetchSite = headers['sec-fetch-site'];
  if (fetchSite !== undefined) return fetchSite !== 'same-origin';
  if (headers.origin !== undefined) return headers.origin !== `${protocol}://${host}`;
  return needsProof;
};
