/**
 * Admin connections to a backend. Always to its primary, whatever its sessions are opened on: there roles are created,
 * and from there they replicate.
 */

import type { BackendConfig } from '../config/backend.ts';
import type { Config } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import type { BackendHost } from '../gate/backend/dial.ts';
import type { Place } from '../place.ts';
import type { Database, DatabaseOptions } from '../postgres/database.ts';
import { openPrimary } from '../postgres/primary.ts';
import { loadBackendHosts } from './backend-hosts.ts';

type Admin = NonNullable<BackendConfig['admin']>;

const adminUrl = (
  { host, port }: Place,
  tls: BackendConfig['tls'],
  admin: Admin,
  database: string,
): string => {
  const url = new URL(`postgresql://localhost:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(admin.user);
  url.password = encodeURIComponent(admin.password);
  // As a parameter it may also be an IPv6 address or a socket directory.
  url.searchParams.set('host', host);
  url.searchParams.set('sslmode', tls);
  return url.href;
};

const optionsFor = (
  host: BackendHost,
  { connectTimeoutMs }: BackendConfig,
  admin: Admin,
  database: string,
): DatabaseOptions => ({
  url: adminUrl(host, host.tls, admin, database),
  applicationName: 'postern control',
  connectTimeoutMs,
  // Customers can hold locks that provisioning waits for.
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 15_000,
  maxConnections: 2,
  tls: {
    ...(host.ca !== null && { ca: host.ca }),
    ...(host.clientCertificate && {
      cert: host.clientCertificate.certificatePem,
      key: host.clientCertificate.keyPem,
    }),
  },
});

/** How the admin reaches each host, in their order. @throws RequestError for a file that cannot be used */
export const adminOptions = async (
  backend: BackendConfig,
  admin: Admin,
  database: string,
): Promise<readonly DatabaseOptions[]> =>
  (await loadBackendHosts(backend)).map((host) => optionsFor(host, backend, admin, database));

/**
 * An admin connection to a database of a backend, on its primary; the caller closes it.
 * @throws RequestError when there is no such backend, it has no admin login, or no host of it is a primary that answers
 */
export const openBackend = async (
  { backends }: Pick<Config, 'backends'>,
  name: string,
  database: string,
): Promise<Database> => {
  const backend = backends.get(name);
  if (backend === undefined) {
    const known = [...backends.keys()].join(', ') || 'none';
    throw new RequestError(`There is no backend "${name}" in the configuration; it has: ${known}.`);
  }
  if (backend.admin === null) {
    throw new RequestError(
      `The backend "${name}" has no admin login in the configuration: add backends.${name}.admin.`,
    );
  }
  return openPrimary(`The backend "${name}"`, await adminOptions(backend, backend.admin, database));
};
