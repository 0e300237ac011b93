/** A backend of the configuration as the program uses it: every host with its port, what belongs together checked. */

import { ConfigError } from '../errors.ts';
import { type Place, placeText } from '../place.ts';
import type { BackendHost } from './scalars.ts';
import type { ConfigFile } from './schema.ts';

/** Of libpq's values those that a proxy can keep: what a transaction may do is for the session to say. */
export type TargetSessionAttrs = 'any' | 'primary' | 'standby';

export interface BackendConfig {
  readonly name: string;
  /** In the order in which they are tried; at least one. */
  readonly hosts: readonly [Place, ...Place[]];
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly tls: 'disable' | 'require' | 'verify-ca' | 'verify-full';
  readonly caFile: string | null;
  /** What Postern shows to the backend as a TLS client; null: nothing. */
  readonly clientCertificate: { readonly certificateFile: string; readonly keyFile: string } | null;
  /** For one host, from looking up its name to the end of the login. */
  readonly connectTimeoutMs: number;
  readonly admin: { readonly user: string; readonly password: string } | null;
}

type BackendFile = ConfigFile['backends'][string];

const placesOf = (name: string, hosts: readonly BackendHost[], port: number): BackendConfig['hosts'] => {
  const [first, ...others] = hosts.map((each) => ({ host: each.host, port: each.port ?? port }));
  if (!first) throw new ConfigError([`backends.${name}.host: name at least one host.`]);
  const places = [first, ...others] as const;
  const twice = places.map(placeText).find((place, index, all) => all.indexOf(place) < index);
  if (twice === undefined) return places;
  throw new ConfigError([`backends.${name}.host: ${twice} is named twice.`]);
};

const clientCertificateOf = (
  name: string,
  { tls, certificate_file, key_file }: BackendFile,
  path: (name: string) => string,
): BackendConfig['clientCertificate'] => {
  if (certificate_file === null && key_file === null) return null;
  if (certificate_file === null || key_file === null) {
    throw new ConfigError([
      `backends.${name}.certificate_file and backends.${name}.key_file go together: set both or none.`,
    ]);
  }
  if (tls === 'disable') {
    throw new ConfigError([
      `backends.${name}.certificate_file is shown inside TLS only: set backends.${name}.tls to something other than disable, or leave it out.`,
    ]);
  }
  return { certificateFile: path(certificate_file), keyFile: path(key_file) };
};

/**
 * @param path makes a file's name absolute
 * @throws ConfigError one sentence
 */
export const toBackendConfig = (
  name: string,
  file: BackendFile,
  path: (name: string) => string,
): BackendConfig => ({
  name,
  hosts: placesOf(name, file.host, file.port),
  targetSessionAttrs: file.target_session_attrs,
  tls: file.tls,
  caFile: file.ca_file === null ? null : path(file.ca_file),
  clientCertificate: clientCertificateOf(name, file, path),
  connectTimeoutMs: file.connect_timeout,
  admin: file.admin,
});
