/**
 * What an operator sets up by `docs/operations.md`, with the same commands: store and backend on PostgreSQL servers of
 * their own, authority, accounts with allowlist, certificate and keys. Plain values, so that every test file can use the
 * one that the set-up made; configurations of instances are written beside it.
 */

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { unzip } from '../authority/unzip.ts';
import { startCli } from '../cli/run.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import type { LibpqEnvironment } from '../support/psql.ts';
import type { Cluster } from './cluster.ts';

export interface Account {
  readonly name: string;
  /** Its database on the backend. */
  readonly database: string;
  readonly masterKey: string;
  /** Of the unpacked bundle. */
  readonly bundle: string;
}

export interface Installation {
  readonly directory: string;
  readonly store: Cluster;
  readonly backend: Cluster;
  /** Has the tables of pgbench. */
  readonly bench: Account;
  /** The one that loses its rights. */
  readonly guest: Account;
}

declare module 'vitest' {
  export interface ProvidedContext {
    installation: Installation;
  }
}

export const installation = (): Installation => inject('installation');

export const publicHost = 'postern.example.com';
/** Clients connect from here. */
export const clientAddress = '127.0.0.1';
export const scale = 4;

type Place = Pick<Installation, 'directory'>;

/** `postern …` as somebody types it; its answer. @throws Error with what it said, when it failed */
export const postern = async ({ directory }: Place, ...args: string[]): Promise<string> => {
  const { code, out, err } = await startCli(directory, args).ended;
  if (code !== 0) throw new Error(`postern ${args.join(' ')} ended with ${code}: ${err}`);
  return out;
};

export const superuserUrl = ({ url }: Cluster, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

/** @param options as the command takes them */
export const createKey = async (
  place: Place,
  account: string,
  name: string,
  ...options: string[]
): Promise<string> =>
  (await postern(place, 'key', 'create', account, name, '--kind', 'master', ...options)).trim();

/** @returns the directory of the unpacked bundle */
export const createBundle = async (
  place: Place,
  account: string,
  name: string,
  ...options: string[]
): Promise<string> => {
  const zip = join(place.directory, `${account}-${name}.zip`);
  await postern(place, 'certificate', 'create', account, name, '--out', zip, ...options);
  const directory = join(place.directory, `${account}-${name}`);
  await mkdir(directory, { mode: 0o700 });
  for (const { name: file, mode, content } of unzip(await readFile(zip))) {
    await writeFile(join(directory, file), content, { mode: mode & 0o777 });
  }
  return directory;
};

/** What libpq needs to come in at that address. */
export const libpq = (account: Account, address: string, key = account.masterKey): LibpqEnvironment => ({
  PGHOST: publicHost,
  PGHOSTADDR: address,
  PGPORT: '6432',
  PGUSER: account.name,
  PGDATABASE: account.name,
  PGPASSWORD: key,
  PGSSLMODE: 'verify-full',
  PGSSLCERT: join(account.bundle, 'client.crt'),
  PGSSLKEY: join(account.bundle, 'client.key'),
  PGSSLROOTCERT: join(account.bundle, 'server_ca.pem'),
});

interface Servers {
  /** Of the file with the store's URL. */
  readonly storeUrl?: string;
  readonly backendHost: string;
  readonly connectTimeout?: string;
}

const common = ({ storeUrl = 'store.url', backendHost, connectTimeout = '5s' }: Servers): string => `
store: { url: "\${file:${storeUrl}}" }
sealing_keys: [{ id: k1, key: "\${file:sealing.key}" }]
public: { host: ${publicHost} }
backends:
  main:
    host: ${backendHost}
    tls: disable
    connect_timeout: ${connectTimeout}
    admin: { user: postern_admin, password: "\${file:admin.password}" }
authority: { certificate_file: tls/client_ca.pem, key_file: tls/client_ca.key, server_ca_file: tls/server_ca.pem }
`;

export interface InstanceSettings {
  /** Where it listens, with the ports of the documentation. */
  readonly address: string;
  readonly workers?: number;
  readonly drainDelay?: string;
  readonly drainTimeout?: string;
  /** HAProxy's address, when it stands in front. */
  readonly trustedProxy?: string;
  readonly sessionsPerAccount?: number;
  readonly halfOpenPerAddress?: number;
  /** In all, and of one account or address; else `sessionsPerAccount` and the defaults. */
  readonly sessions?: number;
  readonly maxStaleness?: string;
  readonly logLevel?: 'debug' | 'info';
  /** Directory of `server.crt` and `server.key`. */
  readonly tls?: string;
  /** Where it finds the store and the backend, when that is not where everybody does. */
  readonly storeHost?: string;
  readonly backendHost?: string;
  readonly connectTimeout?: string;
  readonly loginTimeout?: string;
}

/** Beside the one that everybody uses. @returns the name of the file */
const writeStoreUrl = async (directory: string, host: string): Promise<string> => {
  const url = new URL(await readFile(join(directory, 'store.url'), 'utf8'));
  url.hostname = host;
  const name = `store-${host}.url`;
  await writeFile(join(directory, name), url.href, { mode: 0o600 });
  return name;
};

/** @returns the configuration file */
export const configure = async (
  { directory, backend }: Pick<Installation, 'directory' | 'backend'>,
  {
    address,
    workers = 1,
    drainDelay = '0s',
    drainTimeout = '30s',
    trustedProxy,
    sessions,
    sessionsPerAccount = sessions ?? 100,
    halfOpenPerAddress = 50,
    maxStaleness = '24h',
    logLevel = 'info',
    tls = 'tls',
    storeHost,
    backendHost = backend.address,
    connectTimeout,
    loginTimeout = '60s',
  }: InstanceSettings,
): Promise<string> => {
  const file = join(directory, `${address}.yaml`);
  const servers: Servers = {
    backendHost,
    ...(connectTimeout !== undefined && { connectTimeout }),
    ...(storeHost !== undefined && { storeUrl: await writeStoreUrl(directory, storeHost) }),
  };
  await writeFile(
    file,
    `${common(servers)}
gate:
  listen: ${address}:6432
  certificate_file: ${tls}/server.crt
  key_file: ${tls}/server.key
  client_ca_file: tls/client_ca.pem
  workers: ${workers}
  login_timeout: ${loginTimeout}
  drain_delay: ${drainDelay}
  drain_timeout: ${drainTimeout}
  trusted_proxies: [${trustedProxy === undefined ? '' : `${trustedProxy}/32`}]
limits: { half_open_per_address: ${halfOpenPerAddress}, sessions_per_account: ${sessionsPerAccount}${
      sessions === undefined ? '' : `, sessions: ${sessions}, sessions_per_address: ${sessions}`
    } }
policy: { max_staleness: ${maxStaleness} }
telemetry: { listen: "${address}:9464", log_level: ${logLevel} }
`,
  );
  return file;
};

export const createAccount = async (place: Place, backend: Cluster, name: string): Promise<Account> => {
  const owner = `${name}_owner`;
  await runAsSuperuser(
    backend.url,
    `CREATE ROLE ${owner}`,
    `GRANT ${owner} TO postern_admin WITH ADMIN OPTION`,
    `CREATE DATABASE ${name} OWNER ${owner}`,
  );
  await postern(
    place,
    ...['account', 'create', name, '--backend', 'main', '--database', name, '--owner', owner],
  );
  await postern(place, 'address', 'add', name, `${clientAddress}/32`);
  const bundle = await createBundle(place, name, 'laptop');
  return { name, database: name, masterKey: await createKey(place, name, 'master'), bundle };
};

/** Both clusters are running. */
export const install = async (directory: string, store: Cluster, backend: Cluster): Promise<Installation> => {
  const place = { directory };
  const [storePassword = '', adminPassword = ''] = [0, 1].map(() => randomBytes(18).toString('hex'));
  await runAsSuperuser(
    store.url,
    `CREATE ROLE postern LOGIN CREATEROLE PASSWORD '${storePassword}'`,
    'CREATE DATABASE postern OWNER postern',
  );
  await runAsSuperuser(backend.url, `CREATE ROLE postern_admin LOGIN CREATEROLE PASSWORD '${adminPassword}'`);
  const write = (name: string, text: string) => writeFile(join(directory, name), text, { mode: 0o600 });
  await write('store.url', `postgresql://postern:${storePassword}@${store.address}:5432/postern`);
  await write('admin.password', adminPassword);
  await write('sealing.key', randomBytes(32).toString('base64'));
  await write('postern.yaml', common({ backendHost: backend.address }));
  await postern(place, 'ca', 'create', '--dir', 'tls', '--name', publicHost);
  await postern(place, 'migrate');
  await runAsSuperuser(superuserUrl(store, 'postern'), 'GRANT postern_gate, postern_console TO postern');
  const bench = await createAccount(place, backend, 'bench');
  const guest = await createAccount(place, backend, 'guest');
  return { directory, store, backend, bench, guest };
};
