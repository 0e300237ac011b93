/**
 * What clients come to: accounts on one backend, made with the commands that operators type, and keys and certificates
 * that their owners make through the console's API. Plain values: the set-up of the suite makes it, tests take it by
 * `installation()`.
 */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startCli } from '../cli/run.ts';
import { type Answer, createClient } from '../console/client.ts';
import type { Cluster } from '../reliability/cluster.ts';
import { runAsSuperuser } from '../support/postgres.ts';

export interface Owner {
  readonly name: string;
  readonly authentication: 'scram-sha-256' | 'password';
  /** Superuser URL of its database on the backend. */
  readonly databaseUrl: string;
  readonly masterKey: string;
}

/** With `places.towns`, `places.notes`, and `places.secrets`, which only the master key reads. */
export interface Account extends Owner {
  /** For the towns. */
  readonly readKey: string;
  /** For the towns, and to write the notes. */
  readonly writeKey: string;
}

export interface Installation {
  readonly directory: string;
  readonly port: number;
  /** Of the console. */
  readonly origin: string;
  /** Both have the same tables. */
  readonly scram: Account;
  readonly cleartext: Account;
  /** Its database is empty. */
  readonly archive: Owner;
}

export interface Place {
  readonly directory: string;
  readonly cluster: Cluster;
  readonly ports: Readonly<Record<'gate' | 'console' | 'telemetry', number>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    clientsInstallation: Installation;
  }
}

export const installation = (): Installation => inject('clientsInstallation');

export const host = 'localhost';
export const rowCount = 100_000;

/** A connection string for libpq, in the directory of a bundle. */
export const libpqParameters = ({ name }: Pick<Owner, 'name'>): string =>
  `host=${host} port=${installation().port} dbname=${name} user=${name} sslmode=verify-full ` +
  'sslcert=client.crt sslkey=client.key sslrootcert=server_ca.pem';

const tables = [
  'CREATE SCHEMA places',
  'CREATE TABLE places.towns (id int PRIMARY KEY, name text NOT NULL, founded date, area numeric(12, 1), lon float8, lat float8)',
  `INSERT INTO places.towns
   SELECT i, 'town ' || i, DATE '1200-01-01' + i, i, i % 360 - 180, i % 180 - 90 FROM generate_series(1, ${rowCount}) i`,
  'CREATE TABLE places.notes (id serial PRIMARY KEY, text text NOT NULL)',
  "CREATE TABLE places.secrets AS SELECT 'nobody reads this' AS text",
];

/** `postern …` as somebody types it; its answer. @throws Error with what it said, when it failed */
const postern = async ({ directory }: Place, ...args: string[]): Promise<string> => {
  const { code, out, err } = await startCli(directory, args).ended;
  if (code !== 0) throw new Error(`postern ${args.join(' ')} ended with ${code}: ${err}`);
  return out.trim();
};

const databaseUrl = ({ cluster }: Place, database: string): string => {
  const url = new URL(cluster.url);
  url.pathname = `/${database}`;
  return url.href;
};

const configuration = ({ cluster, ports }: Place): string => `
store: { url: "\${file:store.url}" }
sealing_keys: [{ id: k1, key: "\${file:sealing.key}" }]
public: { host: ${host}, port: ${ports.gate} }
backends:
  main:
    host: ${cluster.address}
    tls: disable
    admin: { user: postern_admin, password: "\${file:admin.password}" }
gate:
  listen: 127.0.0.1:${ports.gate}
  certificate_file: tls/server.crt
  key_file: tls/server.key
  client_ca_file: tls/client_ca.pem
console: { listen: "127.0.0.1:${ports.console}" }
authority: { certificate_file: tls/client_ca.pem, key_file: tls/client_ca.key, server_ca_file: tls/server_ca.pem }
telemetry: { listen: "127.0.0.1:${ports.telemetry}", log_level: debug }
`;

/** Everything that `postern serve` needs. */
export const prepare = async (place: Place): Promise<void> => {
  const { directory, cluster } = place;
  const [storePassword = '', adminPassword = ''] = [0, 1].map(() => randomBytes(18).toString('hex'));
  await runAsSuperuser(
    cluster.url,
    `CREATE ROLE postern LOGIN CREATEROLE PASSWORD '${storePassword}'`,
    'CREATE DATABASE postern OWNER postern',
    `CREATE ROLE postern_admin LOGIN CREATEROLE PASSWORD '${adminPassword}'`,
  );
  const write = (name: string, text: string) => writeFile(join(directory, name), text, { mode: 0o600 });
  await write('store.url', `postgresql://postern:${storePassword}@${cluster.address}:5432/postern`);
  await write('admin.password', adminPassword);
  await write('sealing.key', randomBytes(32).toString('base64'));
  await write('postern.yaml', configuration(place));
  await postern(place, 'ca', 'create', '--dir', 'tls', '--name', host);
  await postern(place, 'migrate');
  await runAsSuperuser(databaseUrl(place, 'postern'), 'GRANT postern_gate, postern_console TO postern');
};

const origin = ({ ports }: Place) => ({ origin: `http://127.0.0.1:${ports.console}` });

/** The console as the owner of the account uses it, by a master key. */
export const consoleOf = (
  { origin }: Pick<Installation, 'origin'>,
  { masterKey }: Pick<Owner, 'masterKey'>,
) => createClient(origin, { authorization: `Bearer ${masterKey}` });

/** @throws Error with the whole answer, when it is not a success */
export const successful = ({ status, text, body }: Answer): Answer['body'] => {
  if (status < 200 || status > 299) throw new Error(`The console answered ${status}: ${text}`);
  return body;
};

const createOwner = async (
  place: Place,
  name: string,
  authentication: Owner['authentication'],
): Promise<Owner> => {
  const owner = `${name}_owner`;
  const database = `${name}_data`;
  await runAsSuperuser(
    place.cluster.url,
    `CREATE ROLE ${owner}`,
    `GRANT ${owner} TO postern_admin WITH ADMIN OPTION`,
    `CREATE DATABASE ${database} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'`,
  );
  await postern(
    place,
    ...['account', 'create', name, '--backend', 'main', '--database', database, '--owner', owner],
    ...['--client-authentication', authentication],
  );
  const masterKey = await postern(place, 'key', 'create', name, 'master', '--kind', 'master');
  successful(await consoleOf(origin(place), { masterKey }).post('/address-rules', { cidr: '127.0.0.1/32' }));
  return { name, authentication, databaseUrl: databaseUrl(place, database), masterKey };
};

const withTables = async (place: Place, owner: Owner): Promise<Account> => {
  await runAsSuperuser(owner.databaseUrl, `SET ROLE ${owner.name}_owner`, ...tables);
  const console = consoleOf(origin(place), owner);
  const createKey = async (name: string, ...grants: string[]): Promise<string> =>
    successful(await console.post('/api-keys', { name, grants })).text;
  const readTowns = 'select on places.towns';
  return {
    ...owner,
    readKey: await createKey('read', readTowns),
    writeKey: await createKey('write', readTowns, 'select, insert, update, delete on places.notes'),
  };
};

/** While the console serves. */
export const createAccounts = async (place: Place): Promise<Installation> => ({
  ...origin(place),
  directory: place.directory,
  port: place.ports.gate,
  scram: await withTables(place, await createOwner(place, 'atlas', 'scram-sha-256')),
  cleartext: await withTables(place, await createOwner(place, 'legacy', 'password')),
  archive: await createOwner(place, 'archive', 'scram-sha-256'),
});
